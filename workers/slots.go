package workers

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Defaults of Slots.
const (
	DefaultSlots    = 64
	DefaultSlotHold = 10 * time.Second
	maxSlots        = 10_000
)

// SlotOptions size Slots. The zero value of a field means its default.
type SlotOptions struct {
	// Limit is how many sagas may be under way from intake, DefaultSlots by
	// default.
	Limit int
	// Hold is the longest time a started saga keeps its slot, DefaultSlotHold by
	// default. It matters when the saga runs in another process, or waits.
	Hold time.Duration
}

// Validate names the first field that cannot be used, its value and its bound.
func (o SlotOptions) Validate() error {
	if o.Limit < 0 || o.Limit > maxSlots {
		return fmt.Errorf("slots: Limit %d: want 1 to %d", o.Limit, maxSlots)
	}
	if o.Hold < 0 {
		return fmt.Errorf("slots: Hold %v: must not be negative", o.Hold)
	}
	return nil
}

// Slots bound how many messages and young sagas one process has under way, so
// that a backlog waits in Kafka and not in Temporal. A polled message takes a
// slot. If it starts a saga, the slot passes to the order before the start call,
// and is freed by whichever comes first:
//
//   - the start fails, or the saga was already started;
//   - the saga returns, or schedules its first regular activity: it is slow now
//     and waits for something else (see Interceptor);
//   - Hold has passed.
//
// Intake and Sagas of one process share one Slots. It is safe for concurrent use.
type Slots struct {
	limit int
	hold  time.Duration

	mu     sync.Mutex
	used   int
	orders map[string]*slot
	freed  chan struct{} // receives after a slot was freed; coalesced
}

// NewSlots errors when the options cannot be used.
func NewSlots(o SlotOptions) (*Slots, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &Slots{
		limit:  orDefault(o.Limit, DefaultSlots),
		hold:   orDefault(o.Hold, DefaultSlotHold),
		orders: map[string]*slot{},
		freed:  make(chan struct{}, 1),
	}, nil
}

// Finish frees the slot of an order, if it has one.
func (s *Slots) Finish(orderID string) {
	s.mu.Lock()
	held := s.orders[orderID]
	s.mu.Unlock()
	if held != nil {
		held.free()
	}
}

// Limit is how many there are.
func (s *Slots) Limit() int { return s.limit }

// Used is how many slots are taken.
func (s *Slots) Used() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// wait blocks until a slot is free and returns how many are. Only one goroutine
// waits and takes, so that what is free stays free until it takes.
func (s *Slots) wait(ctx context.Context) (int, error) {
	for {
		if free := s.limit - s.Used(); free > 0 {
			return free, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-s.freed:
		}
	}
}

// take takes one slot that wait has found free.
func (s *Slots) take() *slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used++
	return &slot{slots: s}
}
