package storetest

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/skald-saga/skald"
)

func testStock(t *testing.T, s *shop) {
	s.place(t)
	t.Run("adds up, once per receipt", func(t *testing.T) {
		equal(t, "first", s.receipt("cup", "r1", 5)(t.Context()), "received 5")
		equal(t, "second", s.receipt("cup", "r2", 7)(t.Context()), "received 12")
		s.unchanged(t, "receipts that were there", func() {
			equal(t, "first again", s.receipt("cup", "r1", 5)(t.Context()), "replayed 12")
			equal(t, "second again", s.receipt("cup", "r2", 7)(t.Context()), "replayed 12")
			equal(t, "another quantity", s.receipt("cup", "r1", 6)(t.Context()), skald.ErrKeyReused.Error())
		})
		equal(t, "of another SKU", s.receipt("plate", "r1", 6)(t.Context()), "received 6")
	})
	t.Run("that is not positive is refused and leaves no row", func(t *testing.T) {
		s.unchanged(t, "a bad receipt", func() {
			for _, quantity := range []int64{0, -1} {
				if _, _, err := s.ReceiveStock(t.Context(), skald.Receipt{ID: "r9", SKU: "bowl", Quantity: quantity}); err == nil {
					t.Errorf("%d was received", quantity)
				}
			}
		})
	})
	t.Run("is an event with the receipt's identity and no sequence", func(t *testing.T) {
		var found int
		for _, row := range s.unpublished(t, 0, 100) {
			if row.Event.Subject != "plate" {
				continue
			}
			found++
			data, err := json.Marshal(skald.StockReceived{SKU: "plate", Quantity: 6, ReceiptID: "r1"})
			must(t, err)
			equal(t, "event", row, skald.OutboxRow{
				Position: row.Position, Topics: []string{skald.TopicEvents}, Event: skald.Event{
					ID: skald.EventID("plate", skald.KindStockReceived, "r1"), Kind: skald.KindStockReceived,
					Subject: "plate", Time: row.Event.Time, Data: data,
				},
			})
		}
		equal(t, "events", found, 1)
	})
	t.Run("is listed by SKU, page by page", func(t *testing.T) {
		var seen []string
		after := ""
		for {
			page, err := s.Stock(t.Context(), after, 3)
			must(t, err)
			for _, level := range page {
				seen = append(seen, fmt.Sprintf("%s %d", level.SKU, level.Received))
				after = level.SKU
			}
			if len(page) < 3 {
				break
			}
		}
		equal(t, "levels", seen, []string{"cup 12", "mug-o1 10", "plate 6", "tea-o1 10"})
	})
	t.Run("of an unknown SKU is not found", func(t *testing.T) {
		_, err := s.StockLevel(t.Context(), "nothing")
		equal(t, "level", said(skald.Effect{}, err), "not found")
	})
}
