package bench

import (
	"sync"
	"time"

	"github.com/skald-saga/skald"
)

// ledger knows every order of a run, from the moment it should be placed.
type ledger struct {
	now func() time.Time

	mu       sync.Mutex
	entries  map[string]*entry
	open     int           // entries that have neither ended nor been refused
	nobody   chan struct{} // closed when open falls to 0
	refusals map[string]int
	placed   int
	endings  int
	recent   []time.Duration // from intended to end, of those that ended since takeRecent
}

// entry is what became of one order.
type entry struct {
	counted  bool // it belongs to the measured part
	intended time.Time
	want     skald.Kind

	outcome  outcome
	answered time.Duration // since intended
	got      skald.Kind    // "" until it ended
	ended    time.Duration // since intended
	release  func()        // gives its place in flight back, once
}

// outcome is what skald answered to an order.
type outcome int

const (
	outcomeNone outcome = iota // no answer yet
	outcomeAccepted
	outcomeRefused // not accepted, and nothing was done
	outcomeUnknown // nobody said whether it was accepted
)

func newLedger(now func() time.Time) *ledger {
	nobody := make(chan struct{})
	close(nobody)
	return &ledger{now: now, entries: map[string]*entry{}, nobody: nobody, refusals: map[string]int{}}
}

// intend enters an order before its request is sent. release is called once,
// when the order has ended or was refused.
func (l *ledger) intend(p planned, at time.Time, counted bool, release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries[p.order.ID] = &entry{counted: counted, intended: at, want: p.end, release: release}
	l.placed++
	l.open++
	if l.open == 1 {
		l.nobody = make(chan struct{})
	}
}

func (l *ledger) accepted(id string) { l.answer(id, outcomeAccepted, nil) }

func (l *ledger) unknown(id string, err error) { l.answer(id, outcomeUnknown, err) }

// refused ends the order: nothing more will come of it.
func (l *ledger) refused(id string, err error) {
	l.answer(id, outcomeRefused, err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close(l.entries[id])
}

func (l *ledger) answer(id string, outcome outcome, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[id]
	e.outcome, e.answered = outcome, l.now().Sub(e.intended)
	if err != nil {
		l.refusals[err.Error()]++
	}
}

// ended takes a final event. It may come before the answer to the request, and
// more than once: the first counts.
func (l *ledger) ended(event skald.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[event.Subject]
	if e == nil || e.got != "" { // somebody else's, or a repeat
		return
	}
	e.got, e.ended = event.Kind, l.now().Sub(e.intended)
	l.endings++
	l.recent = append(l.recent, e.ended)
	l.close(e)
}

func (l *ledger) close(e *entry) {
	if e.release == nil {
		return
	}
	e.release()
	e.release = nil
	l.open--
	if l.open == 0 {
		close(l.nobody)
	}
}

// settled is closed while no order is open.
func (l *ledger) settled() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.nobody
}

// ends is how many orders have ended, warm-up included.
func (l *ledger) ends() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.endings
}

// takeRecent is how long each order took that ended since the call before.
func (l *ledger) takeRecent() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	recent := l.recent
	l.recent = nil
	return recent
}

func (l *ledger) progress() Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := Progress{Placed: l.placed, Ended: l.endings, InFlight: l.open}
	for _, count := range l.refusals {
		p.Refused += count
	}
	return p
}

// tally is what the measured part amounts to.
type tally struct {
	accepted, refused, unknown int
	ended, wrong, lost         int
	acceptance, final          []time.Duration
}

func (l *ledger) tally() tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	var t tally
	for _, e := range l.entries {
		t.judge(e)
		if e.counted {
			t.count(e)
		}
	}
	return t
}

// judge looks at every order, warm-up included: what was accepted must end, and
// as its content says.
func (t *tally) judge(e *entry) {
	switch {
	case e.got != "" && e.got != e.want:
		t.wrong++
	case e.got == "" && e.outcome == outcomeAccepted:
		t.lost++
	}
}

func (t *tally) count(e *entry) {
	switch e.outcome {
	case outcomeAccepted:
		t.accepted++
		t.acceptance = append(t.acceptance, e.answered)
	case outcomeRefused:
		t.refused++
	case outcomeUnknown, outcomeNone:
		t.unknown++
	}
	if e.got != "" {
		t.ended++
		t.final = append(t.final, e.ended)
	}
}
