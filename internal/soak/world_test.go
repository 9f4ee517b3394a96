package soak_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/soak"
)

var began = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// Actions of the plan of sound, by number.
const (
	receivePlain, receiveHot             = 0, 1
	placeNormal, placeDeclined, placeHot = 2, 3, 4
	placeHotTooLate, placeInvalid        = 5, 6
	readHot, placeCancelled, cancelIt    = 7, 8, 9
	placeRepeated, repeatIt, placeRival  = 10, 11, 12
	placeStruck                          = 13
	plannedOrders                        = 9
)

// Orders of sound, by their place among those that there are.
const (
	normal, declined, hot, tooLate = 0, 1, 2, 3
	cancelled, repeated, struck    = 4, 5, 6
)

const price = "10.00"

// sound is the bundle of a small run in which everything went well: one order
// of each kind that matters, a fault on the process and one on the network.
func sound(t *testing.T) *soak.Bundle {
	t.Helper()
	b := &soak.Bundle{Plan: soundPlan(), Run: soak.RunRecord{StartedAt: began, Healed: 5 * time.Second, Loaded: 6 * time.Second, Quiesced: 7 * time.Second}}
	b.Fired = []soak.Fired{
		{Number: 0, Kind: soak.FaultKill, On: soak.EmbeddedProcess, From: time.Second, Lifted: 2 * time.Second, Until: 3 * time.Second},
		{Number: 1, Kind: soak.FaultLatency, On: soak.Link, From: time.Second, Lifted: 2 * time.Second, Until: 2 * time.Second, Hits: 4},
	}
	w := &world{t: t, b: b}
	w.request(receivePlain, soak.MarkOK, "")
	w.request(receiveHot, soak.MarkOK, "")
	w.order("o-0", 0, "sku-00", skald.StatusConfirmed, nil, forward...)
	w.request(placeNormal, soak.MarkOK, "o-0")
	w.order("o-1", 1, "sku-00", skald.StatusRejected, &client.Cause{Kind: "refused", Step: "charge_payment", Code: "card_declined"},
		skald.KindOrderPlaced, skald.KindStockReserved, skald.KindCompensationStarted, skald.KindStockReleased, skald.KindCompensationCompleted, skald.KindOrderRejected)
	w.request(placeDeclined, soak.MarkOK, "o-1")
	w.order("o-2", 2, "hot-0", skald.StatusConfirmed, nil, forward...)
	w.request(placeHot, soak.MarkOK, "o-2")
	w.order("o-3", 3, "hot-0", skald.StatusRejected, &client.Cause{Kind: "refused", Step: "reserve_stock", Code: "out_of_stock"},
		skald.KindOrderPlaced, skald.KindCompensationStarted, skald.KindCompensationCompleted, skald.KindOrderRejected)
	w.request(placeHotTooLate, soak.MarkInfo, "o-3") // nobody knew, and it is whole
	w.request(placeInvalid, soak.MarkFail, "o-4")
	w.read("hot-0", 0, 0, 1)
	w.order("o-5", 5, "sku-00", skald.StatusCancelled, &client.Cause{Kind: "cancelled"},
		skald.KindOrderPlaced, skald.KindStockReserved, skald.KindOrderCancelRequested, skald.KindPaymentCharged, skald.KindCompensationStarted,
		skald.KindPaymentRefunded, skald.KindStockReleased, skald.KindCompensationCompleted, skald.KindOrderCancelled)
	w.request(placeCancelled, soak.MarkOK, "o-5")
	w.request(cancelIt, soak.MarkOK, "o-5")
	w.order("made-1", 6, "sku-00", skald.StatusConfirmed, nil, forward...)
	w.request(placeRepeated, soak.MarkInfo, "")
	w.request(repeatIt, soak.MarkOK, "made-1")
	w.request(placeRival, soak.MarkFail, "")
	w.order("o-8", 8, "sku-00", skald.StatusConfirmed, nil, forward...)
	b.Orders[struck].Order.FaultInjected = true
	w.request(placeStruck, soak.MarkOK, "o-8")
	b.Stock = []client.StockLevel{{SKU: "sku-00", OnHand: 97, Shipped: 3, Received: 100}, {SKU: "hot-0", Shipped: 1, Received: 1}}
	b.Audit = json.RawMessage(`{"looked":{"orders":6,"providers":6},"findings":[]}`)
	b.Logs = map[string]string{"skald.log": ""}
	return b
}

var forward = []skald.Kind{
	skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged, skald.KindShipmentScheduled, skald.KindOrderConfirmed,
}

func soundPlan() soak.Plan {
	p := soak.Plan{
		Seed: 1, Processes: []string{soak.EmbeddedProcess}, Phases: soak.Phases{WarmUp: time.Second},
		Stock: []soak.Action{{Op: soak.OpReceive, SKU: "sku-00", Quantity: 100, Key: "k-0"}, {Op: soak.OpReceive, SKU: "hot-0", Quantity: 1, Key: "k-1"}},
		Faults: []soak.Fault{
			{Kind: soak.FaultKill, On: soak.EmbeddedProcess, From: time.Second, Until: 2 * time.Second},
			{Kind: soak.FaultLatency, On: soak.Link, From: time.Second, Until: 2 * time.Second},
		},
	}
	for n, kind := range []soak.Kind{
		soak.KindNormal, soak.KindDeclined, soak.KindHot, soak.KindHot, soak.KindInvalid, soak.KindCancelled, soak.KindRepeated, soak.KindRival, soak.KindStruck,
	} {
		id := fmt.Sprintf("o-%d", n)
		if kind == soak.KindRepeated || kind == soak.KindRival {
			id = ""
		}
		p.Orders = append(p.Orders, soak.Order{Kind: kind, Body: client.NewOrder{ID: id, CustomerID: fmt.Sprintf("customer-%d", n)}})
	}
	p.Orders[8].Struck = &soak.Struck{Faults: "charge_payment/after[attempts=1]=panic", End: skald.StatusConfirmed}
	place := func(order int, key string) soak.Action { return soak.Action{Op: soak.OpPlace, Order: order, Key: key} }
	p.Actions = []soak.Action{
		place(0, "k-2"), place(1, "k-3"), place(2, "k-4"), place(3, "k-5"), place(4, "k-6"),
		{Op: soak.OpStock, SKU: "hot-0"},
		place(5, "k-7"),
		{Op: soak.OpCancel, Order: 5},
		place(6, "k-8"), place(6, "k-8"), place(7, "k-8"), place(8, "k-9"),
	}
	return p
}

// world writes a bundle as time goes by.
type world struct {
	t   *testing.T
	b   *soak.Bundle
	now time.Duration
}

func (w *world) tick() time.Duration {
	w.now += 10 * time.Millisecond
	return w.now
}

func (w *world) request(action int, mark soak.Mark, order string) {
	op := soak.OpPlace
	switch action {
	case receivePlain, receiveHot:
		op = soak.OpReceive
	case cancelIt:
		op = soak.OpCancel
	}
	w.b.History = append(w.b.History,
		soak.Entry{Action: action, Op: op, Mark: soak.MarkInvoke, T: w.tick()},
		soak.Entry{Action: action, Op: op, Mark: mark, T: w.tick(), Order: order})
}

func (w *world) read(sku string, onHand, reserved, shipped int64) {
	w.b.History = append(w.b.History,
		soak.Entry{Action: readHot, Op: soak.OpStock, Mark: soak.MarkInvoke, T: w.tick()},
		soak.Entry{Action: readHot, Op: soak.OpStock, Mark: soak.MarkOK, T: w.tick(), Level: &client.StockLevel{
			SKU: sku, OnHand: onHand, Reserved: reserved, Shipped: shipped, Received: onHand + reserved + shipped,
		}})
}

// order writes an order, its timeline and its records.
func (w *world) order(id string, number int, sku string, status skald.Status, cause *client.Cause, kinds ...skald.Kind) {
	record := soak.OrderRecord{Order: client.Order{
		ID: id, Status: string(status), CustomerID: fmt.Sprintf("customer-%d", number), Cause: cause,
		Items: []client.Item{{SKU: sku, Quantity: 1, UnitPrice: price}}, Total: client.Money{Amount: price, Currency: "EUR"},
	}}
	var undone []string
	for n, kind := range kinds {
		if undo := undoOf[kind]; undo != "" {
			undone = append(undone, string(undo))
		}
		data, err := json.Marshal(map[string]any{"order_id": id, "amount": record.Order.Total, "cause": cause, "undone": undone})
		if err != nil {
			w.t.Fatal(err)
		}
		step := string(stepOf[kind])
		event := client.Event{
			ID: skald.EventID(id, kind, step), Kind: string(kind), Subject: id, Sequence: int64(n + 1), Time: began.Add(w.tick()), Data: data,
		}
		record.Timeline = append(record.Timeline, event)
		w.b.Records = append(w.b.Records, w.record(event))
	}
	w.b.Orders = append(w.b.Orders, record)
	if len(w.b.Records) == len(kinds) { // the first order's: stock comes before it
		w.b.Records = append(w.b.Records, w.received("sku-00", "k-0"), w.received("hot-0", "k-1"))
	}
}

func (w *world) record(event client.Event) soak.Record {
	kind := skald.Kind(event.Kind)
	return soak.Record{
		Topic: kind.Topic(), Offset: int64(len(w.b.Records)), Key: event.Subject, Value: string(event.Data),
		Headers: map[string]string{"ce_id": event.ID, "ce_type": kind.Type(), "ce_sequence": fmt.Sprintf("%010d", event.Sequence)},
	}
}

func (w *world) received(sku, key string) soak.Record {
	return soak.Record{
		Topic: skald.TopicEvents, Offset: int64(len(w.b.Records)), Key: sku, Value: fmt.Sprintf(`{"sku":%q,"receipt_id":%q}`, sku, key),
		Headers: map[string]string{"ce_id": skald.EventID(sku, skald.KindStockReceived, key), "ce_type": skald.KindStockReceived.Type()},
	}
}

var stepOf = map[skald.Kind]skald.Step{
	skald.KindStockReserved: skald.StepReserveStock, skald.KindPaymentCharged: skald.StepChargePayment, skald.KindShipmentScheduled: skald.StepScheduleShipping,
	skald.KindStockReleased: skald.StepReserveStock, skald.KindPaymentRefunded: skald.StepChargePayment, skald.KindShipmentCancelled: skald.StepScheduleShipping,
}

var undoOf = map[skald.Kind]skald.Undo{
	skald.KindStockReleased: skald.UndoReleaseStock, skald.KindPaymentRefunded: skald.UndoRefundPayment, skald.KindShipmentCancelled: skald.UndoCancelShipping,
}
