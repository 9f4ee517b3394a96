package activities_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/sandbox"
)

// A zombie is an attempt that the saga gave up on and that wakes up after the
// order has ended. Wherever it slept, nothing of it remains.
func TestAZombieLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, zombies)
}

func zombies(t *testing.T, engine databasetest.Engine) {
	for _, zombie := range []struct {
		name   string
		where  func(*seams) *seam
		ledger []provider.State // what the provider holds in the end
		undone bool             // there was something to take back
	}{
		{"BeforeItsIntent", func(s *seams) *seam { return &s.beforeBegin }, nil, false},
		{"BetweenIntentAndCall", func(s *seams) *seam { return &s.beforeCall }, []provider.State{provider.StateVoided}, false},
		{"AfterTheCall", func(s *seams) *seam { return &s.afterCall }, []provider.State{provider.StateUndone}, true},
		{"BeforeItsResult", func(s *seams) *seam { return &s.beforeFinish }, []provider.State{provider.StateUndone}, true},
	} {
		t.Run(zombie.name, func(t *testing.T) {
			onProviderSteps(t, engine, false, func(t *testing.T, s *subject) {
				reached, release := zombie.where(s.seams).hold()
				landed := make(chan error, 1)
				go func() {
					_, err := s.do(t.Context(), s.call)
					landed <- err
				}()
				<-reached
				s.compensate(t, s.call, s.step)
				want := s.nothing()
				if zombie.undone {
					want = s.taken()
				}
				s.wantEffect(t, s.undo, want)
				ruling := s.end(t, s.call)
				if ruling.Status != skald.StatusFailed {
					t.Errorf("the order ended %s", ruling.Status)
				}
				ended := s.kinds(t, s.call)

				release()
				wantKind(t, <-landed, skald.ErrorAlreadyUndone)
				s.wantKinds(t, s.call, ended...)
				var entries []sandbox.Entry
				for _, state := range zombie.ledger {
					entries = append(entries, s.entryAs(state))
				}
				s.wantLedger(t, entries...)
				s.wantStock(t, skald.StockLevel{OnHand: 10})
			})
		})
	}
}

func TestAZombieUndoChangesNothing(t *testing.T) {
	t.Parallel()
	onProviderSteps(t, sqlite, false, func(t *testing.T, s *subject) {
		s.compensateAfter(t)
		reached, release := s.seams.beforeFinishUndo.hold()
		landed := make(chan error, 1)
		go func() {
			effect, err := s.undo(t.Context(), s.call)
			if effect != s.taken() {
				err = errors.Join(err, fmt.Errorf("the zombie answered %+v", effect))
			}
			landed <- err
		}()
		<-reached
		s.end(t, s.call)
		ended := s.kinds(t, s.call)
		release()
		if err := <-landed; err != nil {
			t.Error(err)
		}
		s.wantKinds(t, s.call, ended...)
		s.wantLedger(t, s.entryAs(provider.StateUndone))
	})
}

// Whatever order a do and its undo happen to take, either nothing remains or
// the pivot has passed and everything does.
func TestADoAndItsUndoAtOnceAgree(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		for range 5 {
			onProviderSteps(t, engine, false, func(t *testing.T, s *subject) {
				var all sync.WaitGroup
				for range 3 {
					all.Go(func() { _, _ = s.do(t.Context(), s.call) }) // its answer is judged by what it leaves
				}
				ruling, err := s.BeginCompensation(t.Context(), skald.CompensationCall{
					OrderID: s.call.OrderID, Cause: skald.Cause{Kind: skald.CauseExhausted, Step: s.step},
				})
				if err != nil {
					t.Fatal(err)
				}
				if ruling.Verdict == skald.VerdictGoForward {
					all.Wait()
					s.wantLedger(t, s.entry)
					return
				}
				s.end(t, s.call)
				all.Wait()
				s.wantNothingLeft(t)
			})
		}
	})
}

// wantNothingLeft: nothing is done at the provider, and what was undone there
// has exactly one event.
func (s *subject) wantNothingLeft(t *testing.T) {
	t.Helper()
	entries, err := s.ledger(t.Context(), sandbox.Query{})
	if err != nil {
		t.Fatal(err)
	}
	undone := 0
	for _, entry := range entries {
		switch entry.State {
		case provider.StateUndone:
			undone++
		case provider.StateVoided:
		default:
			t.Errorf("key %s is %s", entry.Key, entry.State)
		}
	}
	events := 0
	for _, kind := range s.kinds(t, s.call) {
		if kind == s.undone {
			events++
		}
	}
	if events != undone {
		t.Errorf("%d undone at the provider, %d events say so", undone, events)
	}
	s.wantStock(t, skald.StockLevel{OnHand: 10})
}
