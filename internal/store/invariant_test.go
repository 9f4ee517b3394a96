//go:build !race

package store_test

import (
	"strconv"
	"strings"

	"github.com/skald-saga/skald"
)

// sight is what the store says about one order.
type sight struct {
	status         skald.Status
	cancel         bool
	reserved, gone int             // units
	dos, undos     map[string]bool // steps: do ok, undo recorded
	events         []skald.Kind
	sequences      []string
	text           string // all of it, to compare
}

// seeOrder reads everything in one statement: the check runs thousands of times.
const seeOrder = `
	SELECT 'status ' || status || ' ' || cancel_requested || ' ' || last_sequence || ' ' || updated_at FROM orders WHERE id = $1
	UNION ALL SELECT side || ' ' || step || ' ' || outcome FROM effects WHERE order_id = $1
	UNION ALL SELECT state || ' ' || sku FROM reservations WHERE order_id = $1
	UNION ALL SELECT * FROM (SELECT 'event ' || kind || ' ' || sequence FROM events WHERE subject = $1 ORDER BY position)`

func (w *world) look(o *order) sight {
	lines := w.lines(o.id)
	seen := sight{dos: map[string]bool{}, undos: map[string]bool{}, text: strings.Join(lines, "; ")}
	for _, line := range lines {
		words := strings.Fields(line)
		switch words[0] {
		case "status":
			seen.status, seen.cancel = skald.Status(words[1]), words[2] == "1"
		case "do":
			seen.dos[words[1]] = words[2] == "ok"
		case "undo":
			seen.undos[words[1]] = true
		case "reserved":
			seen.reserved++
		case "shipped":
			seen.gone++
		case "event":
			seen.events, seen.sequences = append(seen.events, skald.Kind(words[1])), append(seen.sequences, words[2])
		}
	}
	return seen
}

func (w *world) lines(id string) []string {
	rows, err := w.see.QueryContext(w.ctx, id)
	w.must(err)
	defer rows.Close()
	var all []string
	for rows.Next() {
		var line string
		w.must(rows.Scan(&line))
		all = append(all, line)
	}
	w.must(rows.Err())
	return all
}

// String leaves out what a reader of a failure does not need.
func (s sight) String() string { return s.text }

// check is every invariant of Saga.tla, under the name it has there.
func (w *world) check(after string) {
	reserved, gone := 0, 0
	for _, o := range w.orders {
		now := w.look(o)
		w.checkOrder(after, o, now)
		reserved, gone = reserved+now.reserved, gone+now.gone
		o.last = now
	}
	level, err := w.store.StockLevel(w.ctx, w.sku)
	w.must(err)
	want := skald.StockLevel{SKU: w.sku, OnHand: 1 - int64(reserved+gone), Reserved: int64(reserved), Shipped: int64(gone), Received: 1}
	w.holds("Conserved, NoOversell", level == want && level.OnHand >= 0, after, level)
}

func (w *world) checkOrder(after string, o *order, now sight) {
	payment, shipment := w.provided(o, skald.StepChargePayment), w.provided(o, skald.StepScheduleShipping)
	captured := 0
	for key, state := range w.ledger {
		if state == "captured" && strings.HasPrefix(key, o.id+":charge") {
			captured++
		}
	}
	w.holds("OneCapture", captured <= 1, after, w.ledger)
	w.holds("PaidShipment", shipment != "captured" || (payment == "captured" && now.reserved+now.gone == 1), after, now)
	w.holds("CancelBinds", !o.cancelled || (now.cancel && now.status != skald.StatusConfirmed), after, now)
	w.holds("CancelBinds at the end", !o.cancelled || !now.status.Final() || now.status == skald.StatusCancelled, after, now)
	w.holds("the automaton", now.status == o.last.status || o.last.status.CanBecome(now.status), after, now)
	w.holds("FinalStays, FinalQuiet", !o.last.status.Final() || now.text == o.last.text, after, now)
	if now.status == skald.StatusConfirmed {
		w.holds("Confirmed", payment == "captured" && shipment == "captured" && now.gone == 1 && now.reserved == 0, after, now)
	} else if now.status.Final() {
		w.holds("Undone stock", now.reserved == 0 && now.gone == 0, after, now)
		w.holds("Undone payment", payment != "captured" || o.lost[skald.StepChargePayment], after, now)
		w.holds("Undone shipment", shipment != "captured" || o.lost[skald.StepScheduleShipping], after, now)
	}
	w.checkEvents(after, o, now)
}

func (w *world) checkEvents(after string, o *order, now sight) {
	count := map[skald.Kind]int{}
	for n, kind := range now.events {
		count[kind]++
		w.holds("gap-free sequence", now.sequences[n] == strconv.Itoa(n+1), after, now)
		w.holds("nothing after the final event", !kind.Final() || n == len(now.events)-1, after, now)
	}
	w.holds("the final event", (count[skald.KindOrderConfirmed]+count[skald.KindOrderRejected]+count[skald.KindOrderFailed]+
		count[skald.KindOrderCancelled] == 1) == now.status.Final(), after, count)
	undone := map[skald.Kind]bool{
		skald.KindStockReleased:     now.dos["reserve_stock"],
		skald.KindPaymentRefunded:   w.provided(o, skald.StepChargePayment) == "refunded",
		skald.KindShipmentCancelled: w.provided(o, skald.StepScheduleShipping) == "refunded",
	}
	lost := map[skald.Kind]bool{
		skald.KindPaymentRefunded:   o.lost[skald.StepChargePayment],
		skald.KindShipmentCancelled: o.lost[skald.StepScheduleShipping],
	}
	for kind, was := range undone {
		w.holds("Events: "+string(kind)+" only for what was undone", count[kind] == 0 || (was && count[kind] == 1), after, now)
		if now.status.Final() && now.status != skald.StatusConfirmed {
			w.holds("Events: "+string(kind)+" for all that was undone", count[kind] == 1 || !was || lost[kind], after, now)
		}
		w.holds("Confirmed: no "+string(kind), now.status != skald.StatusConfirmed || count[kind] == 0, after, now)
	}
}

// provided is what the provider did for a step, by the key that skald uses.
func (w *world) provided(o *order, step skald.Step) string { return w.ledger[o.keys[step]] }

func (w *world) holds(invariant string, ok bool, after string, seen any) {
	if !ok {
		w.t.Fatalf("%s does not hold after %q: %v\nprovider: %v", invariant, after, seen, w.ledger)
	}
}
