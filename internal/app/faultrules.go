package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/fault/book"
)

// What the gateway asks of failure injection, in its words.
var _ gateway.Faults = (*faults)(nil)

// ReadFault implements gateway.Faults.
func (f *faults) ReadFault(header string) (string, error) {
	carried, err := fault.ParseCarried(header, f.engine.Policy(), time.Now())
	if errors.Is(err, fault.ErrOff) {
		return "", gateway.ErrFaultsOff
	}
	if err != nil {
		return "", invalidRule(err)
	}
	return carried.String(), nil
}

// AddFaults implements gateway.Faults.
func (f *faults) AddFaults(ctx context.Context, line string, rule json.RawMessage) ([]gateway.Fault, error) {
	rules, err := readRules(line, rule)
	if err != nil {
		return nil, invalidRule(err)
	}
	for _, rule := range rules {
		if err := f.engine.Policy().Admit(rule); err != nil {
			return nil, invalidRule(err)
		}
	}
	added, err := f.book.Add(fault.Exempt(ctx), rules...)
	switch {
	case errors.Is(err, book.ErrTaken):
		return nil, gateway.ErrFaultTaken
	case isTooMany(err):
		return nil, invalidRule(err)
	case err != nil:
		return nil, err
	}
	return tellFaults(added)
}

func readRules(line string, rule json.RawMessage) ([]fault.Rule, error) {
	if line != "" {
		return fault.Parse(line)
	}
	return fault.DecodeJSON(rule)
}

func isTooMany(err error) bool {
	_, is := errors.AsType[*book.TooManyError](err)
	return is
}

// ListFaults implements gateway.Faults.
func (f *faults) ListFaults(ctx context.Context) ([]gateway.Fault, bool, error) {
	rules, halted, err := f.book.Rules(fault.Exempt(ctx))
	if err != nil {
		return nil, false, err
	}
	told, err := tellFaults(rules)
	return told, halted || f.engine.Halted(), err
}

// RemoveFault implements gateway.Faults.
func (f *faults) RemoveFault(ctx context.Context, name string) error {
	removed, err := f.book.Remove(fault.Exempt(ctx), name)
	if err == nil && !removed {
		return fmt.Errorf("fault rule %s: %w", name, skald.ErrNotFound)
	}
	return err
}

// HaltFaults implements gateway.Faults.
func (f *faults) HaltFaults(ctx context.Context) error {
	f.engine.Halt() // first: the database may be what fails
	err := f.book.SetHalted(fault.Exempt(ctx), true)
	if err == nil {
		f.halted.Store(true) // a resume elsewhere may come before this process looks again
	}
	return err
}

// ResumeFaults implements gateway.Faults.
func (f *faults) ResumeFaults(ctx context.Context) error {
	if err := f.book.SetHalted(fault.Exempt(ctx), false); err != nil {
		return err
	}
	f.halted.Store(false)
	f.engine.Resume()
	return nil
}

// FaultLog implements gateway.Faults.
func (f *faults) FaultLog(ctx context.Context, q gateway.FaultQuery) ([]gateway.FaultFired, error) {
	fires, err := f.book.Fires(fault.Exempt(ctx), book.Query{Order: q.OrderID, Rule: q.Rule, Since: q.Since, Before: q.Before, Limit: q.Limit})
	told := make([]gateway.FaultFired, len(fires))
	for n, fire := range fires {
		told[n] = gateway.FaultFired{
			Position: fire.Position, Rule: fire.Rule, Point: string(fire.Point), Phase: string(fire.Phase), OrderID: fire.Order,
			Attempt: fire.Attempt, Within: string(fire.Within), Fault: fire.Fault, Kind: string(fire.Kind), Carried: fire.Carried,
			At: fire.At, Process: fire.Process,
		}
	}
	return told, err
}

func tellFaults(rules []book.Rule) ([]gateway.Fault, error) {
	told := make([]gateway.Fault, len(rules))
	for n, rule := range rules {
		told[n] = gateway.Fault{Name: rule.Name, Line: rule.String(), Until: rule.Until, Fired: rule.Fired}
		text, err := json.Marshal(rule.Active.Rule)
		if err != nil {
			return nil, fmt.Errorf("encode rule %s: %w", rule.Name, err)
		}
		if err := json.Unmarshal(text, &told[n].Rule); err != nil {
			return nil, fmt.Errorf("tell rule %s: %w", rule.Name, err)
		}
	}
	return told, nil
}

// invalidRule is what is wrong with a rule, one violation for each line. A line
// begins with the field that it is about, where there is one.
func invalidRule(err error) error {
	invalid := &skald.Invalid{}
	for line := range strings.Lines(err.Error()) {
		field, message, ok := strings.Cut(strings.TrimSpace(line), " is ")
		if !ok || strings.ContainsAny(field, " :\"") {
			field, message = "rule", strings.TrimSpace(line)
		} else {
			message = "is " + message
		}
		invalid.Violations = append(invalid.Violations, skald.Violation{Field: field, Message: message})
	}
	return invalid
}

// ReadFaultRules reads rules as YAML or JSON, one or a list, and returns each as
// the API takes it.
func ReadFaultRules(text []byte) ([]json.RawMessage, error) {
	rules, err := fault.DecodeYAML(text)
	if err != nil {
		return nil, err
	}
	all := make([]json.RawMessage, len(rules))
	for n, rule := range rules {
		if all[n], err = json.Marshal(rule); err != nil {
			return nil, fmt.Errorf("encode rule %s: %w", rule.Name, err)
		}
	}
	return all, nil
}
