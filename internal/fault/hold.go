package fault

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Active is a rule that an engine holds.
type Active struct {
	Rule
	Until time.Time `json:"until"` // UTC; it does not fire at this time or later
}

// running is an Active in an engine. gone is closed when it is taken away, so
// that nobody goes on hanging by it.
type running struct {
	Active
	gone chan struct{}
}

// table finds the rules of a point and phase. It is never changed.
type table map[place][]*running

type place struct {
	point Point
	phase Phase
}

// Add holds rules from now on. It takes all of them or none: it errors when the
// policy does not admit one, a name is taken, or there are too many.
func (e *Engine) Add(rules ...Rule) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	added := slices.Clone(e.unexpired())
	for _, rule := range rules {
		rule = rule.Filled()
		if err := e.o.Policy.Admit(rule); err != nil {
			return fmt.Errorf("rule %q: %w", rule.Name, err)
		}
		if slices.ContainsFunc(added, func(r *running) bool { return r.Name == rule.Name }) {
			return fmt.Errorf("rule %q: name is taken", rule.Name)
		}
		active := Active{Rule: rule, Until: e.o.Now().UTC().Add(rule.Life())}
		added = append(added, &running{active, make(chan struct{})})
	}
	if len(added) > MaxRules {
		return fmt.Errorf("%d rules: must be at most %d", len(added), MaxRules)
	}
	e.hold(added)
	return nil
}

// Replace holds exactly these rules from now on, as a store has them. It leaves
// out what the policy does not admit and what has ended, and reports the former.
// A rule that is already held, and has not changed, goes on undisturbed.
func (e *Engine) Replace(rules []Active) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var next []*running
	var problems []error
	for _, active := range rules {
		active.Rule = active.Filled()
		switch err := e.admit(active, next); {
		case err != nil:
			problems = append(problems, fmt.Errorf("rule %q: %w", active.Name, err))
		case e.o.Now().Before(active.Until):
			next = append(next, e.keep(active))
		}
	}
	e.hold(next)
	return errors.Join(problems...)
}

func (e *Engine) admit(active Active, others []*running) error {
	switch {
	case len(others) == MaxRules:
		return fmt.Errorf("is one too many: at most %d", MaxRules)
	case slices.ContainsFunc(others, func(r *running) bool { return r.Name == active.Name }):
		return errors.New("name is taken")
	case active.Until.After(e.o.Now().Add(e.o.Policy.MaxTTL)):
		return fmt.Errorf("lives until %s: at most %s from now", active.Until, e.o.Policy.MaxTTL)
	}
	return e.o.Policy.Admit(active.Rule)
}

// keep is the rule as it runs already, or a new one.
func (e *Engine) keep(active Active) *running {
	for _, r := range e.active {
		if r.Until.Equal(active.Until) && r.Name == active.Name && r.String() == active.String() {
			return r
		}
	}
	return &running{active, make(chan struct{})}
}

// Remove takes a rule away, and reports whether it was there. Whoever hangs by
// it goes on.
func (e *Engine) Remove(name string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(e.active), func(r *running) bool { return r.Name == name })
	removed := len(next) < len(e.active)
	e.hold(next)
	return removed
}

func (e *Engine) unexpired() []*running {
	now := e.o.Now()
	return slices.DeleteFunc(slices.Clone(e.active), func(r *running) bool { return !now.Before(r.Until) })
}

// hold makes next the rules. Those that are not among them are gone.
func (e *Engine) hold(next []*running) {
	for _, r := range e.active {
		if !slices.Contains(next, r) {
			close(r.gone)
		}
	}
	e.active = next
	for _, r := range next {
		e.tally.know(r.Name)
	}
	if len(next) == 0 || e.stopped.Load() {
		e.live.Store(nil)
		return
	}
	built := table{}
	for _, r := range next {
		at := place{r.firesAt(), r.Match.Phase}
		built[at] = append(built[at], r)
	}
	e.live.Store(&built)
}

// sweep takes away what has ended, so that the next caller finds nothing to ask.
func (e *Engine) sweep() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if left := e.unexpired(); len(left) < len(e.active) {
		e.hold(left)
	}
}
