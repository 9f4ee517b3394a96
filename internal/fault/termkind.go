package fault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parse reads a kind and its arguments, as in abort(resource_exhausted,5s).
func (f *Fault) parse(kind Kind, arguments []string) error {
	switch kind {
	case KindAbort:
		f.Abort = new(Abort)
		return f.Abort.parse(arguments)
	case KindDelay:
		f.Delay = new(Delay)
		return f.Delay.parse(arguments)
	case KindHang:
		f.Hang = new(Hang)
		return f.Hang.parse(arguments)
	case KindPanic:
		f.Panic = new(Panic)
		return atMost(0, arguments)
	case KindKill:
		f.Kill = new(Kill)
		if len(arguments) > 0 {
			f.Kill.Signal = Signal(strings.ToUpper(arguments[0]))
		}
		return atMost(1, arguments)
	case KindDuplicate:
		f.Duplicate = new(Duplicate)
		return f.Duplicate.parse(arguments)
	case KindCorrupt:
		f.Corrupt = new(Corrupt)
		if len(arguments) > 0 {
			f.Corrupt.Mode = Mode(arguments[0])
		}
		return atMost(1, arguments)
	}
	return fmt.Errorf("kind is %q: must be one of %s", kind, list(Kinds()))
}

func (a *Abort) parse(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("abort names no error, as in abort(unavailable)")
	}
	a.Error = ErrorName(arguments[0])
	for _, argument := range arguments[1:] {
		switch {
		case argument == "final" && !a.Final:
			a.Final = true
		case a.Error == ResourceExhausted && a.RetryAfter == 0:
			if err := a.RetryAfter.UnmarshalText([]byte(argument)); err != nil {
				return fmt.Errorf("fault.abort.retry_after: %w", err)
			}
		case a.Error == Refused && a.Code == "":
			a.Code = argument
		default:
			return fmt.Errorf("argument %q: abort(%s) has none such", argument, a.Error)
		}
	}
	return nil
}

func (d *Delay) parse(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("delay says no time, as in delay(800ms)")
	}
	if err := d.Fixed.UnmarshalText([]byte(arguments[0])); err != nil {
		return fmt.Errorf("fault.delay.fixed: %w", err)
	}
	if len(arguments) > 1 {
		if err := d.Jitter.UnmarshalText([]byte(arguments[1])); err != nil {
			return fmt.Errorf("fault.delay.jitter: %w", err)
		}
	}
	return atMost(2, arguments)
}

func (h *Hang) parse(arguments []string) error {
	if len(arguments) == 0 {
		return nil
	}
	if arguments[0] != "execute" {
		return fmt.Errorf("argument %q: hang has execute, as in hang(execute,2s)", arguments[0])
	}
	h.Execute = true
	if len(arguments) > 1 {
		if err := h.Late.UnmarshalText([]byte(arguments[1])); err != nil {
			return fmt.Errorf("fault.hang.late: %w", err)
		}
	}
	return atMost(2, arguments)
}

func (d *Duplicate) parse(arguments []string) error {
	for n, argument := range arguments {
		extra, err := strconv.Atoi(argument)
		switch {
		case err == nil && n == 0 && extra > 0:
			d.Extra = extra
		case argument == "concurrent" && !d.Concurrent:
			d.Concurrent = true
		default:
			return fmt.Errorf("argument %q: duplicate has a number and concurrent, as in duplicate(2,concurrent)", argument)
		}
	}
	return nil
}

func atMost(n int, arguments []string) error {
	if len(arguments) > n {
		return fmt.Errorf("argument %q is one too many", arguments[n])
	}
	return nil
}
