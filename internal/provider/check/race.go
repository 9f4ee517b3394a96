package check

import (
	"errors"
	"sync"

	"github.com/skald-saga/skald/internal/provider"
)

// racers is how many calls meet in one rule; half of them come over another
// connection. races is how often a do meets a void.
const (
	racers = 6
	races  = 20
)

func concurrentDos(t *trial) {
	key := NewKey()
	reference := t.race("a do", func(s Service) call { return s.do }, key)
	t.knows(key, done(reference))
}

func concurrentUndos(t *trial) {
	key := NewKey()
	t.do(key)
	back := t.race("an undo", func(s Service) call { return s.undo }, key)
	t.knows(key, undone(back))
}

// race asks the same from many sides at once, and wants one answer.
func (t *trial) race(what string, ask func(Service) call, key string) string {
	services := [2]Service{t.service, t.connect()}
	if t.err != nil {
		return ""
	}
	var references [racers]string
	var errs [racers]error
	together(racers, func(i int) { references[i], errs[i] = ask(services[i%2])(t.ctx, key) })
	for i, reference := range references {
		t.reference(what+" among others", reference, errs[i])
		t.want(reference == references[0], "two references for one key: %q and %q", references[0], reference)
	}
	return references[0]
}

// doAgainstVoid: whoever wins, the do's answer, the void's answer and what is
// known afterwards tell the same story.
func doAgainstVoid(t *trial) {
	services := [2]Service{t.service, t.connect()}
	for n := range races {
		if t.err != nil {
			return
		}
		t.meet(services, NewKey(), n%2)
	}
}

// meet lets a do and a void of one key start at once. Who is started as number
// two tends to come first, so both get their turn.
func (t *trial) meet(services [2]Service, key string, doer int) {
	var reference string
	var record provider.Record
	var doErr, voidErr error
	together(2, func(i int) {
		if i == doer {
			reference, doErr = services[0].do(t.ctx, key)
		} else {
			record, voidErr = services[1].keys.Void(t.ctx, key)
		}
	})
	t.want(voidErr == nil, "the void: %w", voidErr)
	want := voided
	if !errors.Is(doErr, provider.ErrVoided) {
		want = done(t.reference("the do", reference, doErr))
	}
	t.want(same(record, want), "the void answered %s, but the do said %s", show(record), show(want))
	t.knows(key, want)
}

// together runs n calls from n goroutines that start at once, and waits.
func together(n int, work func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			work(i)
		})
	}
	close(start)
	all.Wait()
}
