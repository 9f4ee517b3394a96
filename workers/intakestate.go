package workers

import (
	"fmt"
	"log/slog"
	"maps"
	"sync"

	"github.com/skald-saga/skald"
)

// IntakeState is what an intake did since its start, and does now.
type IntakeState struct {
	Read        int64                            // messages, those that came again included
	Started     int64                            // sagas started
	Duplicates  int64                            // orders whose saga had been started before
	Over        int64                            // orders that were final already
	Cancelled   int64                            // cancels recorded
	DeadLetters map[skald.DeadLetterReason]int64 // messages parked
	Waiting     int                              // messages that wait for something that is away
	Err         error                            // what one of them waits for; nil when none waits
	Paused      bool                             // trouble looks systemic; see Ready
}

type intakeResult int

const (
	resultStarted intakeResult = iota
	resultDuplicate
	resultOver
	resultCancelled
)

type intakeState struct {
	log *slog.Logger

	mu      sync.Mutex
	read    int64
	counts  map[intakeResult]int64
	letters map[skald.DeadLetterReason]int64
	waiting map[*job]error
	latest  error
}

func newIntakeState(log *slog.Logger) *intakeState {
	return &intakeState{log: log, counts: map[intakeResult]int64{}, letters: map[skald.DeadLetterReason]int64{}, waiting: map[*job]error{}}
}

func (s *intakeState) delivered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read++
}

func (s *intakeState) count(r intakeResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[r]++
}

func (s *intakeState) parked(reason skald.DeadLetterReason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letters[reason]++
}

// waits says that j cannot go on for now. Only the first to wait is logged.
func (s *intakeState) waits(j *job, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.log.Warn("intake waits and tries again", "error", err)
	}
	s.waiting[j] = err
	s.latest = err
}

// settled says that j waits no more.
func (s *intakeState) settled(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, waited := s.waiting[j]; !waited {
		return
	}
	delete(s.waiting, j)
	if len(s.waiting) == 0 {
		s.latest = nil
		s.log.Info("intake waits no more")
	}
}

func (s *intakeState) ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		return nil
	}
	return fmt.Errorf("%d messages wait: %w", len(s.waiting), s.latest)
}

func (s *intakeState) snapshot() IntakeState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return IntakeState{
		Read: s.read, Started: s.counts[resultStarted], Duplicates: s.counts[resultDuplicate],
		Over: s.counts[resultOver], Cancelled: s.counts[resultCancelled],
		DeadLetters: maps.Clone(s.letters), Waiting: len(s.waiting), Err: s.latest,
	}
}
