package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/skald-saga/skald"
)

// afterOneRow holds a transaction that has locked one stock row and wants the
// next.
const afterOneRow = "UPDATE stock"

func testInterleavedStock(t *testing.T, s *shop) {
	t.Run("two orders that list the same SKUs in opposite order do not deadlock", func(t *testing.T) {
		one, two := s.twoOrders(t, "x", "y")
		went := s.interleaveAt(t, afterOneRow, 2, reserve(one), reserve(two))
		equal(t, "reserving", went, overlap{First: "ok", Second: "ok", Begun: [2]int64{1, 1}})
		equal(t, "stock", []string{one.level(t, "x"), one.level(t, "y")}, []string{"8 2 0", "8 2 0"})
	})
	t.Run("a release and a reservation do not deadlock in any collation", func(t *testing.T) {
		one, two := s.twoOrders(t, "a-small", "B-big") // by bytes B is first, by language a
		one.walk(t, skald.StepReserveStock).compensate(t, skald.CauseExhausted, skald.StepChargePayment)
		went := s.interleaveAt(t, afterOneRow, 2, release(one), reserve(two))
		equal(t, "release and reserve", went, overlap{First: "undone", Second: "ok", Begun: [2]int64{1, 1}})
		equal(t, "stock", []string{one.level(t, "a-small"), one.level(t, "B-big")}, []string{"9 1 0", "9 1 0"})
	})
	t.Run("the last unit goes to one of two orders", func(t *testing.T) {
		s.receive(t, "last", 1)
		one, two := s.orderOf(t, "last"), s.orderOf(t, "last")
		went := s.interleave(t, reserve(one), reserve(two))
		equal(t, "answers", []string{went.First, went.Second}, []string{"ok", "refused out_of_stock"})
		equal(t, "stock", one.level(t, "last"), "0 1 0")
	})
	t.Run("the first receipts of a SKU with one ID are one receipt", func(t *testing.T) {
		went := s.interleave(t, s.receipt("new", "r1", 5), s.receipt("new", "r1", 5))
		equal(t, "answers", []string{went.First, went.Second}, []string{"received 5", "replayed 5"})
	})
	t.Run("the first receipts of a SKU with one ID and two quantities conflict", func(t *testing.T) {
		went := s.interleave(t, s.receipt("newer", "r1", 5), s.receipt("newer", "r1", 6))
		equal(t, "answers", []string{went.First, went.Second}, []string{"received 5", skald.ErrKeyReused.Error()})
	})
	t.Run("the first receipts of a SKU with two IDs both count", func(t *testing.T) {
		went := s.interleave(t, s.receipt("newest", "r1", 5), s.receipt("newest", "r2", 6))
		equal(t, "second", went.Second, "received 11")
	})
}

// twoOrders share two SKUs and list them in opposite order.
func (s *shop) twoOrders(t *testing.T, a, b string) (one, two *saga) {
	t.Helper()
	s.receive(t, a, 10)
	s.receive(t, b, 10)
	return s.orderOf(t, a, b), s.orderOf(t, b, a)
}

func (s *shop) orderOf(t *testing.T, skus ...string) *saga {
	t.Helper()
	order := s.order()
	order.Items = nil
	for _, sku := range skus {
		order.Items = append(order.Items, skald.Item{SKU: sku, Quantity: 1, UnitPrice: 100})
	}
	return s.placeOrder(t, order)
}

func (s *shop) receipt(sku, id string, quantity int64) call {
	return func(ctx context.Context) string {
		level, replayed, err := s.ReceiveStock(ctx, skald.Receipt{ID: id, SKU: sku, Quantity: quantity})
		switch {
		case errors.Is(err, skald.ErrKeyReused):
			return skald.ErrKeyReused.Error()
		case err != nil:
			return err.Error()
		case replayed:
			return fmt.Sprintf("replayed %d", level.OnHand)
		}
		return fmt.Sprintf("received %d", level.OnHand)
	}
}
