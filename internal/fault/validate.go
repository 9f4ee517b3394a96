package fault

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

var codeExpression = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func (r Rule) validateFault(known trait) error {
	switch f := r.Fault; f.Kind() {
	case KindAbort:
		return f.Abort.validate(known, r.Match.Phase)
	case KindDelay:
		return f.Delay.validate()
	case KindHang:
		return f.Hang.validate(r.Match)
	case KindKill:
		return f.Kill.validate(r.Times)
	case KindDuplicate:
		if f.Duplicate.Extra < 1 || f.Duplicate.Extra > MaxDuplicates {
			return fmt.Errorf("fault.duplicate.extra is %d: must be 1 to %d", f.Duplicate.Extra, MaxDuplicates)
		}
	case KindCorrupt:
		if !slices.Contains([]Mode{Truncate, BadJSON, UnknownSchema}, f.Corrupt.Mode) {
			return fmt.Errorf("fault.corrupt.mode is %q: must be truncate, bad_json or unknown_schema", f.Corrupt.Mode)
		}
	case KindPanic:
	}
	return nil
}

func (a Abort) validate(known trait, phase Phase) error {
	if a.Error == Refused {
		return a.validateRefusal(known, phase)
	}
	var problems []error
	if !slices.Contains(known.errors, a.Error) {
		problems = append(problems, fmt.Errorf("fault.abort.error is %q: %s has %s", a.Error, known.point, list(known.errors)))
	}
	if a.Code != "" {
		problems = append(problems, fmt.Errorf("fault.abort.code is %q: only a refusal has one", a.Code))
	}
	if a.RetryAfter != 0 && a.Error != ResourceExhausted {
		problems = append(problems, fmt.Errorf("fault.abort.retry_after is %s: only resource_exhausted has one", a.RetryAfter))
	}
	if a.Final && !known.final {
		problems = append(problems, fmt.Errorf("fault.abort.final is true: only %s may end for good", list(endable)))
	}
	return errors.Join(append(problems, within("fault.abort.retry_after", a.RetryAfter, MaxDelay))...)
}

// validateRefusal lets through only what a real service can say: no refusal
// after it was done, and none where the store itself decides.
func (a Abort) validateRefusal(known trait, phase Phase) error {
	switch {
	case known.refuses == "" && known.point == "reserve_stock":
		return errors.New("fault.abort.error is refused: reserve_stock is refused by the store alone; order more than there is")
	case known.refuses == "":
		return fmt.Errorf("fault.abort.error is refused: %s cannot be refused", known.point)
	case phase != Before:
		return fmt.Errorf("fault.abort.error is refused: what is done cannot be refused; match.phase is %q: must be before", phase)
	case !codeExpression.MatchString(a.Code):
		return fmt.Errorf("fault.abort.code is %q: a refusal has one, such as card_declined", a.Code)
	case a.RetryAfter != 0 || a.Final:
		return errors.New("fault.abort.retry_after and final: a refusal is always final and has neither")
	}
	return nil
}

func (d Delay) validate() error {
	var problems []error
	if d.Fixed <= 0 {
		problems = append(problems, fmt.Errorf("fault.delay.fixed is %s: must be above 0s", d.Fixed))
	}
	if d.Jitter > d.Fixed {
		problems = append(problems, fmt.Errorf("fault.delay.jitter is %s: must be at most fixed, %s", d.Jitter, d.Fixed))
	}
	return errors.Join(append(problems, within("fault.delay.fixed", d.Fixed, MaxDelay), within("fault.delay.jitter", d.Jitter, MaxDelay))...)
}

func (h Hang) validate(m Match) error {
	var problems []error
	if known, _ := traitOf(m.Point); h.Execute && (m.Phase != Before || !slices.Contains(known.kinds[Around], KindDuplicate)) {
		problems = append(problems, fmt.Errorf("fault.hang.execute is true: %s/%s cannot be done late", m.Point, m.Phase))
	}
	if h.Late != 0 && !h.Execute {
		problems = append(problems, fmt.Errorf("fault.hang.late is %s: only with execute", h.Late))
	}
	return errors.Join(append(problems, within("fault.hang.late", h.Late, MaxDelay))...)
}

func (k Kill) validate(times int) error {
	var problems []error
	if !killable {
		problems = append(problems, errors.New("fault.kill: this program cannot kill itself; build it with -tags skald_chaos"))
	}
	if k.Signal != SignalKill && k.Signal != SignalStop {
		problems = append(problems, fmt.Errorf("fault.kill.signal is %q: must be KILL or STOP", k.Signal))
	}
	if times == 0 {
		problems = append(problems, errors.New("times is 0: a kill needs a limit, or the process dies again after every start"))
	}
	return errors.Join(problems...)
}
