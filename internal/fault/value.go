package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that is written as in "800ms".
type Duration time.Duration

// String is time.Duration's.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration such as 800ms or 5m", text)
	}
	*d = Duration(parsed)
	return nil
}

// Percentage is how many in a hundred. The zero value means 100; a written 0 is
// refused, because who writes it does not mean that.
type Percentage float64

// UnmarshalJSON refuses 0.
func (p *Percentage) UnmarshalJSON(data []byte) error {
	var value float64
	if err := json.Unmarshal(data, &value); err != nil {
		return errors.New("percentage must be a number")
	}
	if value == 0 {
		return errors.New("percentage is 0: such a rule never fires; leave it out")
	}
	*p = Percentage(value)
	return nil
}

// Pattern is a name, or the beginning of names when it ends in "*". The empty
// pattern matches everything.
type Pattern string

// Matches reports whether name is meant.
func (p Pattern) Matches(name string) bool {
	if beginning, ok := strings.CutSuffix(string(p), "*"); ok {
		return strings.HasPrefix(name, beginning)
	}
	return p == "" || string(p) == name
}

// Attempts is a range of attempts, both ends included, counted from 1. To 0
// means without end. The zero value is every attempt. It is written "1", "1-2"
// or "2-".
type Attempts struct{ From, To int }

// Holds reports whether attempt is in the range.
func (a Attempts) Holds(attempt int) bool {
	return attempt >= a.From && (a.To == 0 || attempt <= a.To)
}

// String is the written form, empty for every attempt.
func (a Attempts) String() string {
	switch {
	case a == Attempts{}:
		return ""
	case a.To == 0:
		return strconv.Itoa(a.From) + "-"
	case a.From == a.To:
		return strconv.Itoa(a.From)
	}
	return fmt.Sprintf("%d-%d", a.From, a.To)
}

// MarshalText writes String.
func (a Attempts) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the written form.
func (a *Attempts) UnmarshalText(text []byte) error {
	from, to, isRange := strings.Cut(string(text), "-")
	first, errFrom := strconv.Atoi(from)
	last := first
	var errTo error
	if isRange && to == "" {
		last = 0
	} else if isRange {
		last, errTo = strconv.Atoi(to)
	}
	if errFrom != nil || errTo != nil || first < 1 || isRange && to == "0" {
		return fmt.Errorf("attempts is %q: must be like 1, 1-2 or 2-", text)
	}
	*a = Attempts{From: first, To: last}
	return nil
}

// UnmarshalJSON also takes a number, which is what YAML makes of attempts: 1.
func (a *Attempts) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = string(data)
	}
	return a.UnmarshalText([]byte(text))
}
