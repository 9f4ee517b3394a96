package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Header is the HTTP header, and KeyCarried the Kafka and Temporal header, in
// which an order's own rules travel.
const (
	Header     = "X-Skald-Fault"
	KeyCarried = "skald-fault"
)

// MaxCarried bounds the rules that one order carries.
const MaxCarried = 8

// Carried are the rules that one order brings along. They fire for that order
// alone. The zero value carries nothing.
type Carried struct {
	Until time.Time // UTC; no rule fires at this time or later
	Rules []Rule
}

// unreachable are points where an order's rules are not at hand.
var unreachable = []Point{PointRelay, PointNetworkKafka, PointNetworkTemporal, PointNetworkDatabase}

// ParseCarried reads what an order brings along when it is placed, in the terse
// form, and admits it by the policy. ErrOff unless the policy takes headers.
func ParseCarried(text string, p Policy, now time.Time) (Carried, error) {
	if p.Reach != ByRulesAndHeaders {
		return Carried{}, ErrOff
	}
	rules, err := Parse(text)
	if err != nil {
		return Carried{}, err
	}
	if len(rules) > MaxCarried {
		return Carried{}, fmt.Errorf("%d rules: an order carries at most %d", len(rules), MaxCarried)
	}
	p.Scoped = false // by the order that carries it
	life := time.Duration(0)
	for n, rule := range rules {
		if err := errors.Join(p.Admit(rule), admitCarried(rule, rules[:n])); err != nil {
			return Carried{}, fmt.Errorf("rule %q: %w", rule, err)
		}
		life = max(life, rule.Life())
	}
	return Carried{Until: now.UTC().Add(life).Truncate(time.Second), Rules: rules}, nil
}

func admitCarried(r Rule, before []Rule) error {
	switch {
	case slices.Contains(unreachable, r.Match.Point):
		return fmt.Errorf("match.point is %q: no order's rules reach it; write a rule with match.order instead", r.Match.Point)
	case r.Match.Order != "":
		return fmt.Errorf("match.order is %q: the order that carries a rule is meant", r.Match.Order)
	case r.Fault.Corrupt != nil:
		return errors.New("fault is corrupt: an order's rules are read only with its message; write a rule with match.order instead")
	case slices.ContainsFunc(before, func(other Rule) bool { return other.Name == r.Name }):
		return fmt.Errorf("name is %q: another rule has it", r.Name)
	}
	return nil
}

// String is the form in which they travel, empty when nothing is carried.
func (c Carried) String() string {
	if len(c.Rules) == 0 {
		return ""
	}
	texts := make([]string, len(c.Rules))
	for n, rule := range c.Rules {
		texts[n] = rule.String()
	}
	return c.Until.UTC().Format(time.RFC3339) + " " + strings.Join(texts, "; ")
}

// ReadCarried reads String's form. It does not ask the policy again: who wrote
// it did.
func ReadCarried(text string) (Carried, error) {
	if text == "" {
		return Carried{}, nil
	}
	when, terse, _ := strings.Cut(text, " ")
	until, err := time.Parse(time.RFC3339, when)
	if err != nil {
		return Carried{}, fmt.Errorf("carried rules %q do not begin with a time", text)
	}
	rules, err := Parse(terse)
	if err != nil {
		return Carried{}, fmt.Errorf("carried rules: %w", err)
	}
	if len(rules) > MaxCarried {
		return Carried{}, fmt.Errorf("%d carried rules: must be at most %d", len(rules), MaxCarried)
	}
	return Carried{Until: until.UTC(), Rules: rules}, nil
}

type callKey struct{}

// WithCall returns a context that tells the adapters further in what is going
// on: a database sees the order whose activity uses it.
func WithCall(ctx context.Context, call Call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

// CallOf is what WithCall put in, or the zero Call.
func CallOf(ctx context.Context) Call {
	call, _ := ctx.Value(callKey{}).(Call)
	return call
}

type exemptKey struct{}

// Exempt returns a context in which no fault fires: for what failure injection
// itself does.
func Exempt(ctx context.Context) context.Context { return context.WithValue(ctx, exemptKey{}, true) }

func exempt(ctx context.Context) bool {
	_, is := ctx.Value(exemptKey{}).(bool)
	return is
}
