package workers

import "time"

// GiveUpAfter replaces SagasStopLimit.
func (s *Sagas) GiveUpAfter(limit time.Duration) { s.stopLimit = limit }

// HoldFor takes a slot and passes it to an order, as intake does around a
// successful start. The slot ends with Finish or its hold.
func (s *Slots) HoldFor(orderID string) {
	held := s.take()
	held.register(orderID)
	held.keep()
}
