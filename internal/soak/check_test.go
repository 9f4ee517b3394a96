package soak_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/soak"
)

func TestARunInWhichAllWentWellBreaksNoPromise(t *testing.T) {
	t.Parallel()
	for _, verdict := range soak.Check(*sound(t)) {
		if !verdict.Holds() {
			t.Errorf("%s: %v", verdict.Name, verdict.Violations)
		}
		if verdict.Looked == 0 {
			t.Errorf("%s looked at nothing", verdict.Name)
		}
	}
}

// planted are bugs, each as it would show in a bundle, with the checker that
// must see it and what that says.
var planted = []struct {
	name, checker, says string
	bug                 func(*soak.Bundle)
}{
	{"an accepted order is gone", "nothing_lost", "order o-0 was accepted and is not there", func(b *soak.Bundle) { b.Orders = b.Orders[1:] }},
	{"an order never ends", "nothing_lost", "order o-0 is processing, and should have ended", func(b *soak.Bundle) { b.Orders[normal].Order.Status = "processing" }},
	{"one placing made two orders", "nothing_lost", "order 0 of the plan is there 2 times", func(b *soak.Bundle) {
		twin := b.Orders[normal]
		twin.Order.ID = "twin"
		b.Orders = append(b.Orders, twin)
	}},
	{"an order of nobody's", "nothing_lost", "customer-99, whom nobody knows", func(b *soak.Bundle) { b.Orders[normal].Order.CustomerID = "customer-99" }},
	{"no rest", "nothing_lost", "did not come to rest", func(b *soak.Bundle) { b.Run.Trouble = "it did not come to rest" }},
	{"a refused order is there", "refused_leaves_nothing", "order 4 of the plan was refused", func(b *soak.Bundle) {
		b.Orders[normal].Order.CustomerID = "customer-4"
	}},
	{"a refused order was published", "refused_leaves_nothing", "order o-4 was refused () and is on a topic", func(b *soak.Bundle) {
		b.Records = append(b.Records, soak.Record{Topic: skald.TopicOrders, Key: "o-4"})
	}},
	{"a key placed two orders", "idempotent_submit", "the key k-8 placed 2 orders of 1 bodies", func(b *soak.Bundle) {
		for n, entry := range b.History {
			if entry.Action == placeRepeated && entry.Mark == soak.MarkInfo {
				b.History[n].Mark, b.History[n].Order = soak.MarkOK, "made-2"
			}
		}
	}},
	{"two bodies under one key", "idempotent_submit", "the key k-8 placed 1 orders of 2 bodies", func(b *soak.Bundle) {
		rival := b.Orders[repeated]
		rival.Order.CustomerID = "customer-7"
		b.Orders = append(b.Orders, rival)
	}},
	{"a declined order was sold", "expected_end", "order o-1 (declined) ended confirmed", func(b *soak.Bundle) { b.Orders[declined].Order.Status = "confirmed" }},
	{"an accepted cancel was forgotten", "expected_end", "order o-5 (cancel) ended confirmed, must be one of [cancelled]", func(b *soak.Bundle) {
		b.Orders[cancelled].Order.Status = "confirmed"
	}},
	{"rejected for another reason", "expected_end", "want card_declined", func(b *soak.Bundle) { b.Orders[declined].Order.Cause = &client.Cause{Code: "out_of_stock"} }},
	{"an event after the end", "automaton", "order o-0 was confirmed when payment.charged happened", func(b *soak.Bundle) {
		b.Orders[normal].Timeline = append(b.Orders[normal].Timeline, b.Orders[normal].Timeline[2])
	}},
	{"a status that no event tells of", "automaton", "order o-0 is cancelled, and its events say confirmed", func(b *soak.Bundle) { b.Orders[normal].Order.Status = "cancelled" }},
	{"stock from nowhere", "conservation", "hot-0 has 1 on hand, 0 reserved and 1 shipped, and received 1", func(b *soak.Bundle) { b.Stock[1].OnHand = 1 }},
	{"negative stock", "conservation", "hot-0 has -1 on hand", func(b *soak.Bundle) { b.Stock[1].OnHand, b.Stock[1].Reserved = -1, 1 }},
	{"sold twice", "no_oversell", "1 of hot-0 are shipped, and confirmed orders have 2", func(b *soak.Bundle) { b.Orders[tooLate].Order.Status = "confirmed" }},
	{"a reservation was left", "no_oversell", "1 of sku-00 are still reserved", func(b *soak.Bundle) { b.Stock[0].OnHand, b.Stock[0].Reserved = 96, 1 }},
	{"a receipt was lost", "no_oversell", "99 of sku-00 count as received; receipts were 100", func(b *soak.Bundle) { b.Stock[0].OnHand, b.Stock[0].Received = 96, 99 }},
	{"the last one was reserved twice", "stock_linearizable", "on hot-0 fit no order", func(b *soak.Bundle) {
		b.Orders[tooLate].Timeline[1].Kind = string(skald.KindStockReserved)
	}},
	{"a stale reading", "stock_linearizable", "on hot-0 fit no order", func(b *soak.Bundle) {
		for n, entry := range b.History {
			if entry.Level != nil {
				b.History[n].Level = &client.StockLevel{SKU: "hot-0", OnHand: 1, Received: 1}
			}
		}
	}},
	{"charged twice", "money", "order o-0 was charged 2 times", func(b *soak.Bundle) {
		b.Orders[normal].Timeline = append(b.Orders[normal].Timeline, b.Orders[normal].Timeline[2])
	}},
	{"never charged", "money", "order o-0 is confirmed with 0 charges", func(b *soak.Bundle) { b.Orders[normal].Timeline = slices.Delete(b.Orders[normal].Timeline, 2, 3) }},
	{"never refunded", "money", "order o-5 ended cancelled, was charged and not refunded", func(b *soak.Bundle) {
		b.Orders[cancelled].Timeline = slices.Delete(b.Orders[cancelled].Timeline, 5, 6)
	}},
	{"charged too much", "money", "order o-0 of 10.00 was charged 11.00", func(b *soak.Bundle) {
		b.Orders[normal].Timeline[2].Data = json.RawMessage(`{"amount":{"amount":"11.00","currency":"EUR"}}`)
	}},
	{"the auditor found a capture", "audit", "capture_orphaned o-1: money is held. Nobody knows why", func(b *soak.Bundle) {
		b.Audit = json.RawMessage(`{"looked":{"providers":6},"findings":[{"kind":"capture_orphaned","order_id":"o-1","what":"money is held","why":"Nobody knows why"}]}`)
	}},
	{"the auditor looked nowhere", "audit", "looked at no order at the providers", func(b *soak.Bundle) { b.Audit = json.RawMessage(`{"looked":{"orders":1}}`) }},
	{"a gap", "event_order", "event 3 is on no topic", func(b *soak.Bundle) { b.Records = slices.Delete(b.Records, 2, 3) }},
	{"a repeat with another identity", "event_order", "event 3 of order o-0 is there twice, and not the same", func(b *soak.Bundle) {
		repeat := b.Records[2]
		repeat.Headers = map[string]string{"ce_id": "another", "ce_sequence": repeat.Headers["ce_sequence"], "ce_type": repeat.Headers["ce_type"]}
		b.Records = append(b.Records, repeat)
	}},
	{"events overtake each other", "event_order", "event 2 of order o-0 comes after 3", func(b *soak.Bundle) { b.Records[1], b.Records[2] = b.Records[2], b.Records[1] }},
	{"an order on two partitions", "event_order", "partitions 0 and 4", func(b *soak.Bundle) { b.Records[1].Partition = 4 }},
	{"an event was never published", "event_truth", "order.confirmed of order o-0 is on no topic", func(b *soak.Bundle) { b.Records = slices.Delete(b.Records, 4, 5) }},
	{"an event was made up", "event_truth", "is on a topic and in no timeline", func(b *soak.Bundle) { b.Orders[normal].Timeline = b.Orders[normal].Timeline[:4] }},
	{"an event under another key", "event_truth", "payment.charged of order o-0 is another event", func(b *soak.Bundle) { b.Records[2].Key = "o-2" }},
	{"shipped before it was paid", "causality", "order o-0 has shipment.scheduled without an earlier payment.charged", func(b *soak.Bundle) {
		b.Orders[normal].Timeline = slices.Delete(b.Orders[normal].Timeline, 2, 3)
	}},
	{"a released stock has two names", "one_identity_per_undo", "the undo of reserve_stock of order o-1 has 2 identities", func(b *soak.Bundle) {
		for _, record := range b.Records {
			if record.Headers["ce_type"] == skald.KindStockReleased.Type() && record.Key == "o-1" {
				record.Headers = map[string]string{"ce_id": "another", "ce_type": record.Headers["ce_type"], "ce_sequence": "0000000009"}
				b.Records = append(b.Records, record)
			}
		}
	}},
	{"undone in the order of doing", "undone_in_reverse", "did [reserve_stock charge_payment] and undid [reserve_stock charge_payment]", func(b *soak.Bundle) {
		events := b.Orders[cancelled].Timeline
		events[5], events[6] = events[6], events[5]
	}},
	{"an undo of what never happened", "undone_in_reverse", "order o-1 did [reserve_stock] and undid [schedule_shipping]", func(b *soak.Bundle) {
		b.Orders[declined].Timeline[3].Kind = string(skald.KindShipmentCancelled)
	}},
	{"an undo out of the blue", "undone_in_reverse", "order o-0 undid [charge_payment] and never began to", func(b *soak.Bundle) {
		b.Orders[normal].Timeline[4].Kind = string(skald.KindPaymentRefunded)
	}},
	{"a dead letter", "no_dead_letters", "the message o-0 was put aside", func(b *soak.Bundle) {
		b.Records = append(b.Records, soak.Record{Topic: skald.TopicDeadLetters, Key: "o-0"})
	}},
	{"a name on a topic", "secrets", `shows "Canary Nobody-Prints-Me" in its value`, func(b *soak.Bundle) { b.Records[0].Value = `{"name":"Canary Nobody-Prints-Me"}` }},
	{"a token in a header", "secrets", `shows "tok_" in its header x`, func(b *soak.Bundle) { b.Records[0].Headers["x"] = "tok_visa" }},
	{"a street in a log", "secrets", `skald.log shows "Canary Street 1"`, func(b *soak.Bundle) { b.Logs["skald.log"] = "to Canary Street 1\n" }},
	{"a fault that never came", "faults_fired", "fault 0 (kill on skald) never came about", func(b *soak.Bundle) { b.Fired = b.Fired[1:] }},
	{"a victim that never came back", "faults_fired", "fault 0 (kill on skald): gone", func(b *soak.Bundle) { b.Fired[0].Error = "gone" }},
	{"a harm that nobody met", "faults_fired", "fault 0 (disk_full on skald) was met by nothing", func(b *soak.Bundle) {
		b.Plan.Faults[0].Kind, b.Fired[0].Kind = soak.FaultDisk, soak.FaultDisk
	}},
	{"a storm that nobody met", "faults_fired", "fault 1 (latency on client-api) met no request", func(b *soak.Bundle) { b.Fired[1].Hits = 0 }},
	{"faults that an order brought along never struck it", "orders_struck", "order o-8 was never struck by charge_payment", func(b *soak.Bundle) {
		b.Orders[struck].Order.FaultInjected = false
	}},
	{"faults that never struck, though nothing ended meanwhile", "orders_struck", "order o-8 was never struck by charge_payment", func(b *soak.Bundle) {
		b.Orders[struck].Order.FaultInjected, b.Fired = false, nil
	}},
	{"an order was refused because of its faults", "orders_struck", "order o-8 was refused because of its faults: off", func(b *soak.Bundle) {
		last := &b.History[len(b.History)-1]
		last.Mark, last.Status, last.Error = soak.MarkFail, 400, "off"
	}},
	{"a struck order ended otherwise", "expected_end", "order o-8 (struck) ended failed, must be one of [confirmed]", func(b *soak.Bundle) {
		b.Orders[struck].Order.Status = "failed"
	}},
	{"hardly anything was sold", "enough_sold", "1 of 9 planned orders were confirmed", func(b *soak.Bundle) { b.Orders = b.Orders[:2] }},
	{"nothing was put to the test", "causality", "there was nothing to judge", func(b *soak.Bundle) { b.Orders = nil }},
}

func TestEachPlantedBugIsSeen(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, test := range planted {
		seen[test.checker] = true
		t.Run(strings.ReplaceAll(test.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			b := sound(t)
			test.bug(b)
			for _, verdict := range soak.Check(*b) {
				if verdict.Name == test.checker && !strings.Contains(strings.Join(verdict.Violations, "\n"), test.says) {
					t.Errorf("%s says %q, want %q", test.checker, verdict.Violations, test.says)
				}
			}
		})
	}
	for _, checker := range soak.Checkers() {
		if !seen[checker.Name] {
			t.Errorf("%s has no planted bug", checker.Name)
		}
	}
}

func TestALateCaptureMayBeRefundedWithoutACharge(t *testing.T) {
	t.Parallel()
	b := sound(t)
	late := &b.Orders[cancelled]
	late.Timeline = slices.Delete(late.Timeline, 3, 4) // the charge landed after the saga had given up on it
	for _, verdict := range soak.Check(*b) {
		if (verdict.Name == "money" || verdict.Name == "undone_in_reverse") && !verdict.Holds() {
			t.Errorf("%s: %v", verdict.Name, verdict.Violations)
		}
	}
}

func TestAVerdictListsSoManyViolationsAndCountsTheRest(t *testing.T) {
	t.Parallel()
	b := sound(t)
	for range soak.MaxViolations + 7 {
		b.Records = append(b.Records, soak.Record{Topic: skald.TopicDeadLetters})
	}
	for _, verdict := range soak.Check(*b) {
		if verdict.Name == "no_dead_letters" && (len(verdict.Violations) != soak.MaxViolations || verdict.Omitted != 7) {
			t.Errorf("%d listed and %d omitted, want %d and 7", len(verdict.Violations), verdict.Omitted, soak.MaxViolations)
		}
	}
}

// A database whose clock was set off wrote times at which nothing happened: they
// must neither break a promise nor be taken for durations.
func TestTimesOfAClockThatWasSetOffAreNotBelieved(t *testing.T) {
	t.Parallel()
	for _, shift := range []time.Duration{time.Hour, -time.Hour} {
		b := sound(t)
		whole := soak.NewReport(*b)
		b.Plan.Faults[0].Kind = soak.FaultClock
		b.Fired[0] = soak.Fired{Kind: soak.FaultClock, On: soak.EmbeddedProcess, Shift: shift, From: -time.Second, Lifted: time.Second, Until: time.Second, Hits: 1}
		for _, order := range []int{hot, tooLate} { // both want the last one: the hot one was first
			for n := range b.Orders[order].Timeline {
				b.Orders[order].Timeline[n].Time = b.Orders[order].Timeline[n].Time.Add(shift)
			}
		}
		report := soak.NewReport(*b)
		if !report.Holds || report.Slowest > whole.Slowest || report.Recovery != 0 {
			t.Errorf("off by %s: holds %v, recovered in %v s, slowest order %v s", shift, report.Holds, report.Recovery, report.Slowest)
		}
	}
}

func TestRecoveryIsMeasuredFromTheEndOfTheLastFault(t *testing.T) {
	t.Parallel()
	b := sound(t)
	b.Fired[0].Lifted, b.Fired[1].Lifted = 60*time.Millisecond, 50*time.Millisecond // within the first order's life
	last := b.Orders[normal].Timeline[4].Time.Sub(began)
	r := soak.NewReport(*b)
	if want := (last - 60*time.Millisecond).Seconds(); r.Recovery != want {
		t.Errorf("recovered in %v s, want %v", r.Recovery, want)
	}
	if r.Slowest != 0.08 { // the cancelled order has nine events, 10 ms apart
		t.Errorf("the slowest order took %v s, want 0.08", r.Slowest)
	}
}

func TestAFewOrdersMayMissAFaultWhenTheirProcessEnds(t *testing.T) {
	t.Parallel()
	for missed, holds := range map[int]bool{1: true, 2: false} {
		b := sound(t)
		b.Fired[0].From, b.Fired[0].Until = 0, time.Minute // a kill
		for n := range 19 {
			twin := b.Orders[struck]
			twin.Order.ID = fmt.Sprintf("twin-%d", n)
			twin.Order.FaultInjected = n >= missed
			b.Orders = append(b.Orders, twin)
		}
		for _, verdict := range soak.Check(*b) {
			if verdict.Name == "orders_struck" && (verdict.Holds() != holds || verdict.Looked != 20) {
				t.Errorf("%d of %d missed: %q", missed, verdict.Looked, verdict.Violations)
			}
		}
	}
}
