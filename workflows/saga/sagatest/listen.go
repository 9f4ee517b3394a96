package sagatest

import (
	"slices"
	"time"

	"github.com/skald-saga/skald/workflows/saga"
)

// waits is how long after a failed attempt a cancel arrives that meets a regular
// activity between two attempts, in the time of the test environment.
const waits = time.Millisecond

// listener is the watcher of a play's saga.
type listener struct{ *play }

// Begins keeps the outline.
func (l listener) Begins(outline saga.Outline) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.story.outline = outline
	l.story.sagas++
}

// Acts notes that an action begins.
func (l listener) Acts(place saga.Place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doing = place
	l.story.events = append(l.story.events, event{begins: &place})
}

// Records notes an entry of the log, which is also how an action ends.
func (l listener) Records(entry saga.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if entry.Phase != saga.PhaseCancel {
		l.doing = saga.Place{}
	}
	l.story.events = append(l.story.events, event{entry: &entry})
	if entry.Outcome == saga.Parked && l.options.Unpark != nil {
		l.env.RegisterDelayedCallback(func() { l.options.Unpark(l.env) }, time.Minute)
	}
}

// Ends keeps what the saga has returned.
func (l listener) Ends(log saga.Log, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.story.log, l.story.err, l.story.ended = slices.Clone(log), err, true
}
