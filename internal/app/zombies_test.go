package app_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald"
)

// A zombie is an attempt that the saga has given up while it still runs. Here it
// stops at one place of its step, does not notice that its context has ended,
// and goes on once the order is final.

// place is where an attempt stops.
type place string

const (
	beforeTransaction place = "before its transaction"
	beforeCall        place = "between its intent and the provider's call"
	afterCall         place = "between the provider's call and its record"
)

// zombies are the attempts of one step of one order.
type zombies struct {
	step   skald.Step
	place  place
	most   int // how many attempts stop; those after them go on
	opened chan struct{}
	open   sync.Once

	mu     sync.Mutex
	held   int
	landed []string // how those that were held ended
}

// try is one attempt of a step with zombies.
type try struct {
	of   *zombies
	held bool
}

// everyTry makes zombies of all attempts that a step gets.
const everyTry = 100

func zombiesOf(step skald.Step, at place) *zombies {
	return &zombies{step: step, place: at, most: everyTry, opened: make(chan struct{})}
}

// hold reports whether the attempt is one that stops.
func (z *zombies) hold(t *try) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	if t.held || z.held == z.most {
		return false
	}
	t.held = true
	z.held++
	return true
}

// ended keeps the type under which Temporal would have got an error.
func (z *zombies) ended(t *try, err error) {
	if !t.held {
		return
	}
	end := "done"
	if err != nil {
		end = err.Error()
	}
	if application, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		end = application.Type()
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.landed = append(z.landed, end)
}

func (z *zombies) release() { z.open.Do(func() { close(z.opened) }) }

// awaitHeld waits until the first attempt stands at its place.
func (z *zombies) awaitHeld(t *testing.T) {
	t.Helper()
	eventually(t, time.Minute, "an attempt stops "+string(z.place), func(context.Context) bool {
		z.mu.Lock()
		defer z.mu.Unlock()
		return z.held > 0
	})
}

// land lets every zombie go on, and waits until all have ended.
func (z *zombies) land(t *testing.T) (landed []string) {
	t.Helper()
	z.mu.Lock()
	early := len(z.landed)
	z.mu.Unlock()
	if early != 0 {
		t.Errorf("%d attempts of %s ended before they were let go", early, z.step)
	}
	z.release()
	eventually(t, time.Minute, "every zombie of "+string(z.step)+" has ended", func(context.Context) bool {
		z.mu.Lock()
		defer z.mu.Unlock()
		landed = slices.Clone(z.landed)
		return len(landed) == z.held
	})
	return landed
}
