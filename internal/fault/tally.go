package fault

import (
	"maps"
	"slices"
	"sync"
)

// Count is how often a rule fired.
type Count struct {
	Rule  string `json:"rule"`
	Fired int64  `json:"fired"`
}

// Place is where, when and how a fault fired. There are few of them, whatever
// rules and orders there are.
type Place struct {
	Point  Point
	Phase  Phase
	Kind   Kind
	Within Point // the activity it happened in, if in one
}

// maxTallied bounds how many rules are remembered, the ended ones included; the
// oldest are forgotten first. An order's own rules count by what they say, so
// that a thousand orders with the same rule are one.
const maxTallied = 1000

// tally counts firings by rule, for as long as the process lives: a rule that
// has ended can still be asked about.
type tally struct {
	mu    sync.Mutex
	names []string // in the order in which they were first seen
	fired map[string]int64
	where map[Place]int64
}

func newTally() *tally { return &tally{fired: map[string]int64{}, where: map[Place]int64{}} }

func (t *tally) know(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(name, 0)
}

func (t *tally) count(f Firing) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(f.Rule, 1)
	t.where[Place{f.Point, f.Phase, f.Kind, f.Within}]++
}

func (t *tally) add(name string, n int64) {
	if _, known := t.fired[name]; !known {
		t.names = append(t.names, name)
		if len(t.names) > maxTallied {
			delete(t.fired, t.names[0])
			t.names = t.names[1:]
		}
	}
	t.fired[name] += n
}

func (t *tally) counts() []Count {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := make([]Count, len(t.names))
	for n, name := range t.names {
		counts[n] = Count{Rule: name, Fired: t.fired[name]}
	}
	return counts
}

func (t *tally) places() map[Place]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.where)
}

// never lists those that were known and did not fire.
func (t *tally) never() []string {
	var names []string
	for _, count := range t.counts() {
		if count.Fired == 0 {
			names = append(names, count.Rule)
		}
	}
	slices.Sort(names)
	return names
}

// arrivals counts how often somebody came, where nobody else does. It forgets
// the oldest when it is full.
type arrivals struct {
	mu    sync.Mutex
	seen  map[string]int
	order []string
}

const maxArrivals = 20_000

func newArrivals() *arrivals { return &arrivals{seen: map[string]int{}} }

func (a *arrivals) next(key string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen[key] == 0 {
		a.order = append(a.order, key)
		if len(a.order) > maxArrivals {
			delete(a.seen, a.order[0])
			a.order = a.order[1:]
		}
	}
	a.seen[key]++
	return a.seen[key]
}
