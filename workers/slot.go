package workers

import "time"

// slot is one place, freed once.
type slot struct {
	slots *Slots
	order string      // empty while it belongs to a message
	timer *time.Timer // frees it after the hold
	kept  bool        // a saga was started with it
	done  bool
}

// register passes the slot to an order. It must be called before the start: the
// saga may end before the start call returns. If the order has a slot already
// (its message came twice), this one stays apart.
func (s *slot) register(orderID string) {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	if _, taken := s.slots.orders[orderID]; !taken && !s.done {
		s.order = orderID
		s.slots.orders[orderID] = s
	}
}

// keep leaves the slot to the saga, which was started, for at most the hold.
func (s *slot) keep() {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	s.kept = true
	if !s.done {
		s.timer = time.AfterFunc(s.slots.hold, s.free)
	}
}

// unregister takes the slot back for the message: no saga was started, and the
// message may have to wait long.
func (s *slot) unregister() {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	s.leave()
}

// leave is called with the lock held.
func (s *slot) leave() {
	if s.order != "" {
		delete(s.slots.orders, s.order)
		s.order = ""
	}
}

// drop frees the slot unless a saga keeps it.
func (s *slot) drop() {
	s.slots.mu.Lock()
	kept := s.kept
	s.slots.mu.Unlock()
	if !kept {
		s.free()
	}
}

// free gives the slot back. Freeing it again changes nothing.
func (s *slot) free() {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	if s.done {
		return
	}
	s.done = true
	s.slots.used--
	s.leave()
	if s.timer != nil {
		s.timer.Stop()
	}
	select {
	case s.slots.freed <- struct{}{}:
	default: // somebody will look anyway
	}
}
