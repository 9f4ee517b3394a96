package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/fault"
)

// doors are the points outside of sagas. Their rules go in as a user's do.
var doors = []fault.Point{fault.PointAccept, fault.PointIntake, fault.PointRelay}

func isDoor(rule fault.Rule) bool { return slices.Contains(doors, rule.Match.Point) }

// addRules returns when every rule is in force.
func (p *playground) addRules(ctx context.Context, plan plan) error {
	atDoors := false
	for _, rule := range plan.Rules {
		if !isDoor(rule) {
			if err := p.engine.Add(rule); err != nil {
				return err
			}
			continue
		}
		text, err := json.Marshal(rule)
		if err != nil {
			return fmt.Errorf("encode rule %s: %w", rule.Name, err)
		}
		if _, err := p.api.AddFault(ctx, text); err != nil {
			return fmt.Errorf("add rule %s: %w", rule.Name, err)
		}
		atDoors = true
	}
	if !atDoors {
		return nil
	}
	return poll(ctx, "the rules are in force", func() bool { return p.FaultsInForce(ctx) })
}

func (p *playground) takeAway(ctx context.Context, plan plan) error {
	var problems []error
	for _, rule := range plan.Rules {
		if isDoor(rule) {
			problems = append(problems, p.api.RemoveFault(ctx, rule.Name))
		} else {
			p.engine.Remove(rule.Name)
		}
	}
	return errors.Join(problems...)
}

// silent are the plan's rules that have not struck.
func (p *playground) silent(ctx context.Context, plan plan) ([]string, error) {
	never := p.engine.NeverFired()
	var silent []string
	for _, rule := range plan.Rules {
		struck := !slices.Contains(never, rule.Name)
		if isDoor(rule) {
			log, err := p.api.FaultLog(ctx, client.FaultFilter{Rule: rule.Name})
			if err != nil {
				return nil, err
			}
			struck = len(log.Fired) > 0
		}
		if !struck {
			silent = append(silent, rule.String())
		}
	}
	return silent, nil
}

// acceptRows: the customer repeats what the gateway did not answer, with the same
// key, and the order is placed once. One that is never accepted leaves nothing.
func acceptRows(t *testing.T) []plan {
	rows := doorRows(t, "accept",
		"[attempts=1]=abort(unavailable)", "[attempts=1]=abort(timeout)", "[attempts=1-2]=abort(internal)", "[attempts=1]=abort(resource_exhausted,1s)",
		"=delay(200ms)", "[attempts=1]=panic", "/after[attempts=1]=abort(unavailable)", "/after[attempts=1-2]=panic", "=duplicate(2)", "=duplicate(3,concurrent)")
	rows = append(rows, plan{Name: "accept-never"}.withRules(t, "accept=abort(unavailable)"))
	return append(rows, plan{Name: "accept-never-conflict"}.withRules(t, "accept=abort(conflict)"))
}

// intakeRows: a message is handled again until it is done, and its saga starts
// once. One that cannot be read is a dead letter, and the auditor misses its saga.
func intakeRows(t *testing.T) []plan {
	var damaged []plan
	for _, mode := range []fault.Mode{fault.Truncate, fault.BadJSON, fault.UnknownSchema} {
		row := plan{Name: "intake-" + string(mode), Want: confirmedCourse()}.named("intake-" + string(mode))
		row.Want.Letters = 1
		damaged = append(damaged, row.withRules(t, "intake=1*corrupt("+string(mode)+")"))
	}
	return append(damaged, doorRows(t, "intake",
		"[attempts=1]=abort(unavailable)", "[attempts=1-3]=abort(internal)", "[attempts=1]=abort(conflict)", "[attempts=1]=abort(resource_exhausted,300ms)",
		"[attempts=1]=delay(300ms)", "[attempts=1]=panic", "/after[attempts=1]=abort(unavailable)", "/after[attempts=1-3]=abort(timeout)",
		"/after[attempts=1]=panic", "=duplicate(2)", "=duplicate(2,concurrent)")...)
}

// relayRows: each event of an order that goes through, and of one that is undone,
// is held back, repeated, or published by a leader that dies before it records
// that.
func relayRows(t *testing.T) []plan {
	var rows []plan
	for _, base := range []plan{{Name: "confirmed", Want: confirmedCourse()}, triggers(t)[3]} {
		for n := range len(base.Want.story()) {
			for name, term := range map[string]string{"held": "abort(unavailable)", "late": "delay(300ms)", "again": "duplicate(2)"} {
				row := base.named(fmt.Sprintf("relay-%s-%d-%s", base.Name, n+1, name))
				rows = append(rows, row.withRules(t, fmt.Sprintf("relay[attempts=%d]=%s", n+1, term)))
			}
		}
		for _, n := range []int{1, 3} {
			row := base.named(fmt.Sprintf("relay-%s-%d-unrecorded", base.Name, n))
			rows = append(rows, row.withRules(t, fmt.Sprintf("relay/after[attempts=%d]=abort(unavailable)", n)))
		}
	}
	return rows
}

// doorRows are orders that come through all the same.
func doorRows(t *testing.T, point string, terms ...string) []plan {
	rows := make([]plan, len(terms))
	for n, term := range terms {
		name := strings.Trim(strings.NewReplacer("[attempts=", "-", "]=", "-", "=", "-", "(", "-", ")", "", ",", "-", "/", "-").Replace(term), "-")
		rows[n] = plan{Name: point + "-" + name, Want: confirmedCourse()}.named(point+"-"+name).withRules(t, point+term)
	}
	return rows
}

// placeOrder places the order; one that must not be accepted is refused and leaves
// nothing.
func (p *playground) placeOrder(ctx context.Context, plan plan) error {
	_, err := p.api.Place(ctx, plan.order(), "key-"+plan.Name)
	if plan.Want.Ends != "" {
		return err
	}
	if err == nil {
		return errors.New("it was accepted")
	}
	if _, err := p.Store().Order(ctx, plan.Name); !errors.Is(err, skald.ErrNotFound) {
		return fmt.Errorf("what was not accepted is there: %w", err)
	}
	return nil
}
