package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// RelayState is a relay at one moment.
type RelayState struct {
	Leader    bool
	InFlight  int   // rows that wait for Kafka's acknowledgement
	Resting   int   // keys that wait because Kafka refused a row of theirs
	Published int64 // rows published and recorded as such since the start
	Refused   int64 // rows that Kafka did not take, each time counted, since the start
	Err       error // the latest trouble, nil when the latest attempt went well
}

type relayState struct {
	mu       sync.Mutex
	state    RelayState
	progress time.Time // when a row was last acknowledged, or began to wait alone
}

func (s *relayState) snapshot() RelayState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *relayState) ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Err != nil {
		return s.state.Err
	}
	if waited := time.Since(s.progress); s.state.InFlight > 0 && waited > stalledAfter {
		return fmt.Errorf("kafka has acknowledged none of %d rows for %v", s.state.InFlight, waited.Round(time.Second))
	}
	return nil
}

// note keeps err as the relay's trouble with what it was doing. It logs when
// trouble begins and when it ends, not each time it is met again.
func (s *relayState) note(ctx context.Context, log *slog.Logger, doing string, err error) {
	if errors.Is(err, context.Canceled) {
		return // it stops
	}
	s.mu.Lock()
	before := s.state.Err
	s.state.Err = nil
	if err != nil {
		s.state.Err = fmt.Errorf("%s: %w", doing, err)
	}
	s.mu.Unlock()
	switch {
	case err != nil && before == nil:
		log.WarnContext(ctx, "relay is in trouble and tries again", "doing", doing, "error", err)
	case err == nil && before != nil:
		log.InfoContext(ctx, "relay is well again")
	}
}

func (s *relayState) lead(leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Leader, s.state.InFlight, s.state.Resting = leads, 0, 0
	s.progress = time.Now()
}

func (s *relayState) load(inFlight, resting int, progressed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if progressed || s.state.InFlight == 0 {
		s.progress = time.Now()
	}
	s.state.InFlight, s.state.Resting = inFlight, resting
}

func (s *relayState) refused() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Refused++
}

func (s *relayState) published(rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Published += int64(rows)
}
