package activities_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

func TestAProviderStepRunTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	onProviderSteps(t, sqlite, false, func(t *testing.T, s *subject) {
		s.wantEffect(t, s.do, s.ok())
		s.wantEffect(t, s.do, s.ok())
		s.wantLedger(t, s.entry)
		s.wantEvents(t, s.done)
		if calls := s.seams.calls.Load(); calls != 1 {
			t.Errorf("the provider was called %d times, want once", calls)
		}
	})
}

func TestAProviderStepRunManyTimesAtOnceIsDoneOnce(t *testing.T) {
	t.Parallel()
	onProviderSteps(t, sqlite, false, func(t *testing.T, s *subject) {
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if got, err := s.do(t.Context(), s.call); err != nil || got != s.ok() {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		}
		all.Wait()
		s.wantLedger(t, s.entry)
		s.wantEvents(t, s.done)
	})
}

func TestAnUndoneProviderStepStaysUndone(t *testing.T) {
	t.Parallel()
	onProviderSteps(t, sqlite, false, func(t *testing.T, s *subject) {
		s.compensateAfter(t)
		s.wantEffect(t, s.undo, s.taken())
		s.wantEffect(t, s.undo, s.taken())
		_, err := s.do(t.Context(), s.call)
		wantKind(t, err, skald.ErrorAlreadyUndone)
		s.wantLedger(t, s.entryAs(provider.StateUndone))
		s.wantEvents(t, skald.KindCompensationStarted, s.undone)
	})
}

// compensateAfter does the step and begins to compensate. Past the pivot the
// store goes forward, so the step's own record is lost first: an attempt that
// died between the call and its transaction.
func (s *subject) compensateAfter(t *testing.T) {
	t.Helper()
	s.seams.beforeFinish.crash()
	_, err := s.do(t.Context(), s.call)
	if !errors.Is(err, errCrash) {
		t.Fatalf("got %v, want the crash", err)
	}
	s.wantLedger(t, s.entry)
	s.compensate(t, s.call, s.step)
}

func TestAnUndoOfNothingIsABarrierForALaterDo(t *testing.T) {
	t.Parallel()
	onProviderSteps(t, sqlite, false, func(t *testing.T, s *subject) {
		s.compensate(t, s.call, s.step)
		s.wantEffect(t, s.undo, s.nothing())
		s.wantEffect(t, s.undo, s.nothing())
		_, err := s.do(t.Context(), s.call)
		wantKind(t, err, skald.ErrorAlreadyUndone)
		s.wantLedger(t)
		s.wantEvents(t, skald.KindCompensationStarted)
	})
}

// A crash between effect and answer: the provider did it, nobody recorded it.
func TestAnAttemptAfterACrashFindsWhatTheProviderDid(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]func(*seams) *seam{
		"AnswerLost":     func(s *seams) *seam { return &s.afterCall },
		"ResultNotSaved": func(s *seams) *seam { return &s.beforeFinish },
	} {
		t.Run(name, func(t *testing.T) {
			onProviderSteps(t, sqlite, false, func(t *testing.T, s *subject) {
				where(s.seams).crash()
				_, err := s.do(t.Context(), s.call)
				wantRetryable(t, err)
				s.wantLedger(t, s.entry)
				s.wantEvents(t)
				s.wantEffect(t, s.do, s.ok())
				s.wantLedger(t, s.entry)
				s.wantEvents(t, s.done)
				if calls := s.seams.calls.Load(); calls != 1 {
					t.Errorf("the provider was called %d times, want once and a lookup", calls)
				}
			})
		})
	}
}

func TestAnAttemptThatDiedBeforeTheCallLeavesItToTheNext(t *testing.T) {
	t.Parallel()
	onProviderSteps(t, sqlite, false, func(t *testing.T, s *subject) {
		s.seams.beforeCall.crash()
		_, err := s.do(t.Context(), s.call)
		wantRetryable(t, err)
		s.wantLedger(t)
		s.wantEffect(t, s.do, s.ok())
		s.wantLedger(t, s.entry)
	})
}

func TestAnUndoThatDiedIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]func(*seams) *seam{
		"AnswerLost":     func(s *seams) *seam { return &s.afterTakeBack },
		"ResultNotSaved": func(s *seams) *seam { return &s.beforeFinishUndo },
	} {
		t.Run(name, func(t *testing.T) {
			onProviderSteps(t, sqlite, false, func(t *testing.T, s *subject) {
				s.compensateAfter(t)
				where(s.seams).crash()
				_, err := s.undo(t.Context(), s.call)
				wantRetryable(t, err)
				s.wantEvents(t, skald.KindCompensationStarted)
				s.wantEffect(t, s.undo, s.taken())
				s.wantLedger(t, s.entryAs(provider.StateUndone))
				s.wantEvents(t, skald.KindCompensationStarted, s.undone)
				if takeBacks := s.seams.takeBacks.Load(); takeBacks != 1 {
					t.Errorf("taken back %d times, want once", takeBacks)
				}
			})
		})
	}
}

func TestARefusalIsFinalAndItsUndoClosesTheKey(t *testing.T) {
	t.Parallel()
	onProviderSteps(t, sqlite, true, func(t *testing.T, s *subject) {
		for range 2 {
			_, err := s.do(t.Context(), s.call)
			wantRefused(t, err, s.refused)
		}
		if calls := s.seams.calls.Load(); calls != 1 {
			t.Errorf("the provider was called %d times, want once", calls)
		}
		s.compensate(t, s.call, s.step)
		s.wantEffect(t, s.undo, s.nothing())
		s.wantEvents(t, skald.KindCompensationStarted)
		s.wantState(t, provider.StateVoided)
	})
}

func TestARefusalWhoseRecordWasLostIsFoundAgain(t *testing.T) {
	t.Parallel()
	onProviderSteps(t, sqlite, true, func(t *testing.T, s *subject) {
		s.seams.beforeFinish.crash()
		_, err := s.do(t.Context(), s.call)
		wantRetryable(t, err)
		_, err = s.do(t.Context(), s.call)
		wantRefused(t, err, s.refused)
		if calls := s.seams.calls.Load(); calls != 1 {
			t.Errorf("the provider was called %d times, want once and a lookup", calls)
		}
	})
}

func TestAKeyClosedByHandRefusesTheStep(t *testing.T) {
	t.Parallel()
	onProviderSteps(t, sqlite, false, func(t *testing.T, s *subject) {
		void := s.sandbox.Payment().Void
		if s.step == skald.StepScheduleShipping {
			void = s.sandbox.Carrier().Void
		}
		if _, err := void(t.Context(), s.entry.Key); err != nil {
			t.Fatal(err)
		}
		_, err := s.do(t.Context(), s.call)
		wantRefused(t, err, skald.CodeKeyClosed)
		s.wantEvents(t)
	})
}

func TestAnUndoWaitsForACallThatAProviderWithoutVoidMayStillReceive(t *testing.T) {
	t.Parallel()
	onProviderSteps(t, sqlite, false, func(t *testing.T, s *subject) {
		s.seams.cannotVoid = true
		reached, release := s.seams.beforeCall.hold()
		landed := make(chan error, 1)
		go func() {
			_, err := s.do(t.Context(), s.call)
			landed <- err
		}()
		<-reached
		s.compensate(t, s.call, s.step)
		_, err := s.undo(t.Context(), s.call)
		wantDelay(t, err, 1, callWindow+settleTime)
		s.wantEvents(t, skald.KindCompensationStarted)

		release() // the call lands while the undo waits
		wantKind(t, <-landed, skald.ErrorAlreadyUndone)
		s.wantEffect(t, s.undo, s.taken())
		s.wantLedger(t, s.entryAs(provider.StateUndone))
		s.wantEvents(t, skald.KindCompensationStarted, s.undone)
	})
}
