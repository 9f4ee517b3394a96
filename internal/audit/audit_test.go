package audit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/provider"
)

func TestAHealthySkaldIsClean(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.confirmed(t, "confirmed")
	w.place(t, "failed")
	w.do(t, "failed", skald.StepChargePayment)
	w.fail(t, "failed", "")
	w.place(t, "running")
	w.do(t, "running", skald.StepChargePayment)
	w.temporal.run("running")
	w.publish(t)
	report := w.audit(t, audit.Query{})
	wantFindings(t, nil, report)
	want := map[audit.Part]int64{
		audit.PartSagas: 1, audit.PartOrders: 3, audit.PartProviders: 3, audit.PartStock: 3, audit.PartOutbox: 0,
		audit.PartTopics: 3 + 15 + 4, // for intake; forward, stock included; undos
	}
	if diff := cmp.Diff(want, report.Looked); diff != "" {
		t.Errorf("looked at (-want +got):\n%s", diff)
	}
	if !report.Clean() || report.EndedAt.Before(report.StartedAt) {
		t.Errorf("clean is %t, from %s to %s", report.Clean(), report.StartedAt, report.EndedAt)
	}
}

func TestWhatIsYoungIsNotJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *audit.Options) { o.Grace = time.Hour })
	w.place(t, "o1") // without a saga, and unpublished
	w.confirmed(t, "o2")
	w.exec(t, `UPDATE reservations SET state = 'reserved'`)
	w.exec(t, `DELETE FROM effects WHERE step = 'charge_payment'`)
	w.exec(t, `DELETE FROM payments`)
	wantFindings(t, nil, w.audit(t, audit.Query{Parts: []audit.Part{
		audit.PartSagas, audit.PartOrders, audit.PartProviders, audit.PartOutbox, audit.PartTopics,
	}}))
}

// The order is read first, then its saga ends it and closes: a closed run then
// belongs to a final order.
func TestASagaThatEndsWhileItIsLookedAtIsNoFinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.place(t, "o1")
	w.do(t, "o1", skald.StepReserveStock)
	w.temporal.onDescribe = func(id string) error {
		w.fail(t, id, "")
		w.temporal.end(id, ended(completed))
		return nil
	}
	wantFindings(t, nil, w.audit(t, audit.Query{Parts: []audit.Part{audit.PartSagas}}))
}

func TestAnAuditOfOneOrderLeavesOthersOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []string{"o1", "o2"} {
		w.confirmed(t, id)
		w.exec(t, `UPDATE reservations SET state = 'reserved'`)
		w.place(t, "new-"+id)
	}
	report := w.audit(t, audit.Query{OrderID: "o2"})
	got := map[audit.Kind]int{audit.ReservationOrphaned: 1, audit.EventUnpublished: 5}
	if diff := cmp.Diff(got, report.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	for _, f := range report.Findings {
		if f.OrderID != "o2" {
			t.Errorf("found %s: %s", f.Kind, f.What)
		}
	}
	if _, err := w.Audit(t.Context(), audit.Query{OrderID: "o3"}); !errors.Is(err, skald.ErrNotFound) {
		t.Errorf("an order that does not exist was answered %v", err)
	}
}

// Someone who does not answer hides only what they know.
func TestAPartThatIsNotAnsweredDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	away := errors.New("temporal is away")
	w := newWorld(t, func(o *audit.Options) { o.Payment = deaf{o.Payment} })
	w.temporal.onDescribe = func(string) error { return away }
	w.confirmed(t, "o1")
	w.exec(t, `UPDATE stock SET on_hand = on_hand - 3, received = received - 3`)
	w.place(t, "o2")
	w.publish(t)
	report, err := w.Audit(t.Context(), audit.Query{})
	if !errors.Is(err, away) || !errors.Is(err, errDeaf) {
		t.Errorf("audit answered %v", err)
	}
	if diff := cmp.Diff([]audit.Part{audit.PartSagas, audit.PartProviders}, report.Unanswered); diff != "" {
		t.Errorf("unanswered (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[audit.Kind]int{audit.StockMismatch: 1}, report.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if report.Clean() {
		t.Error("an audit that is not whole calls itself clean")
	}
}

var errDeaf = errors.New("payment provider is away")

type deaf struct{ provider.Payment }

func (deaf) Lookup(context.Context, string) (provider.Record, error) {
	return provider.Record{}, errDeaf
}

// Everything is read in pages; a report lists no more than it is asked for, and
// counts the rest.
func TestAReportIsBoundedAndCountsEverything(t *testing.T) {
	t.Parallel()
	const orders = 1100 // more than two pages
	w := newWorld(t)
	for n := range orders {
		_, _, err := w.store.PlaceOrder(t.Context(), skald.Order{
			ID: fmt.Sprintf("o%04d", n), CustomerID: "c", Currency: "EUR", Items: []skald.Item{{SKU: "LAMP", Quantity: 1, UnitPrice: 1}},
		}, skald.Submission{})
		must(t, err)
	}
	w.exec(t, `UPDATE orders SET created_at = 0 WHERE id < 'o0900'`) // many at one time
	report := w.audit(t, audit.Query{Parts: []audit.Part{audit.PartSagas, audit.PartOrders, audit.PartOutbox}, Findings: 50})
	want := map[audit.Kind]int{audit.SagaMissing: orders, audit.EventUnpublished: orders}
	if diff := cmp.Diff(want, report.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if len(report.Findings) != 50 || report.Omitted != 2*orders-50 || report.Damage() != 2*orders {
		t.Errorf("%d are listed, %d omitted, %d damaged", len(report.Findings), report.Omitted, report.Damage())
	}
	looked := map[audit.Part]int64{audit.PartSagas: orders, audit.PartOrders: orders, audit.PartOutbox: orders}
	if diff := cmp.Diff(looked, report.Looked); diff != "" {
		t.Errorf("looked at (-want +got):\n%s", diff)
	}
}

// What retention took away is not lost. What is younger than the oldest message
// that a partition still has must be there.
func TestWhatRetentionTookAwayIsNotMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.confirmed(t, "o1")
	w.publish(t)
	deleteRecords(t, w)
	topics := audit.Query{Parts: []audit.Part{audit.PartTopics}}
	wantFindings(t, nil, w.audit(t, topics))
	// The partition goes on with a later event of the same key, and then loses one.
	later := func(id string) {
		_, _, err := w.store.ReceiveStock(t.Context(), skald.Receipt{ID: id, SKU: "SKU-o1", Quantity: 1})
		must(t, err)
	}
	later("second")
	w.publish(t)
	wantFindings(t, nil, w.audit(t, topics))
	later("third")
	w.exec(t, `UPDATE events SET occurred_at = occurred_at + 60000000 WHERE published_at IS NULL`)
	must(t, w.store.MarkPublished(t.Context(), []int64{w.unpublished(t)[0].Position}))
	if report := w.audit(t, topics); report.Counts[audit.EventNotOnTopic] != 1 {
		t.Errorf("found %v", report.Counts)
	}
}

// An event that is older than the topics keep anything is not looked for, even
// on a partition that has lost nothing.
func TestWhatIsOlderThanTheRetentionIsNotLookedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *audit.Options) { o.Retention = time.Hour })
	_, _, err := w.store.ReceiveStock(t.Context(), skald.Receipt{ID: "first", SKU: "LAMP", Quantity: 1})
	must(t, err)
	must(t, w.store.MarkPublished(t.Context(), []int64{w.unpublished(t)[0].Position}))
	topics := audit.Query{Parts: []audit.Part{audit.PartTopics}}
	if report := w.audit(t, topics); report.Counts[audit.EventNotOnTopic] != 1 {
		t.Errorf("while it is young, found %v", report.Counts)
	}
	w.exec(t, `UPDATE events SET occurred_at = occurred_at - 3600000000`)
	wantFindings(t, nil, w.audit(t, topics))
}

// What is published after the topics were read is not on what was read of them.
func TestWhatIsPublishedDuringAnAuditIsNotMissing(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, func(o *audit.Options) {
		o.Store = busyStore{o.Store, func() {
			w.place(t, "late")
			w.publish(t)
		}}
	})
	w.confirmed(t, "o1")
	w.publish(t)
	wantFindings(t, nil, w.audit(t, audit.Query{Parts: []audit.Part{audit.PartTopics}}))
}

// busyStore has something happen before it says what was published.
type busyStore struct {
	audit.Store
	happen func()
}

func (s busyStore) AuditPublished(ctx context.Context, after, upTo int64, limit int) ([]skald.OutboxRow, error) {
	s.happen()
	return s.Store.AuditPublished(ctx, after, upTo, limit)
}

// A saga that is paused in Temporal is somebody's wish, and goes on one day.
func TestAPausedSagaIsNotStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.place(t, "o1")
	w.temporal.run("o1")
	w.temporal.open = enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED
	wantFindings(t, nil, w.audit(t, audit.Query{Parts: []audit.Part{audit.PartSagas}}))
}

// The orders topic belongs to everyone: only what claims to be skald's is
// compared there. Repeats are no finding anywhere.
func TestWhatOthersWriteIsNotJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.confirmed(t, "o1")
	w.publish(t)
	foreign := kafka.Encode(skald.Event{ID: "1", Kind: skald.KindOrderPlaced, Subject: "shop-1", Data: []byte("{}")}, skald.TopicOrders)
	for n, header := range foreign.Headers {
		if header.Key == "ce_source" {
			foreign.Headers[n].Value = []byte("/shop")
		}
	}
	w.forge(t, foreign)
	w.forge(t, &kgo.Record{Topic: skald.TopicOrders, Value: []byte(`{"plain": true}`)})
	w.forge(t, &kgo.Record{Topic: skald.TopicOrders, Value: []byte("no JSON")})
	events, err := w.store.Events(t.Context(), "o1", 0)
	must(t, err)
	w.forge(t, kafka.Encode(events[0], skald.TopicEvents))
	wantFindings(t, nil, w.audit(t, audit.Query{}))
}
