package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/store"
)

// audited is everything that an audit is shown about an order.
type audited struct {
	Status    skald.Status
	Effects   []skald.Effect
	Events    []skald.Kind
	Intents   []skald.Intent
	Held      []skald.Quantity
	Incidents []skald.Undo
}

func TestAnAuditSeesWhatTheStoreHas(t *testing.T) {
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		s := openForAudit(t, engine)
		auditOrder(t, s, "o1")
		auditOrder(t, s, "o2")
		t.Run("an order", func(t *testing.T) { auditShowsOrder(t, s) })
		t.Run("pages", func(t *testing.T) { auditPages(t, s) })
		t.Run("stock", func(t *testing.T) { auditAddsStock(t, s) })
		t.Run("events", func(t *testing.T) { auditFindsEvents(t, s) })
	})
}

func openForAudit(t *testing.T, engine databasetest.Engine) *store.Store {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: engine.Fresh(t)})
	noError(t, err)
	t.Cleanup(func() { noError(t, db.Close()) })
	s, err := store.Open(t.Context(), db)
	noError(t, err)
	t.Cleanup(func() { noError(t, s.Close()) })
	return s
}

// auditOrder is an order whose refund was refused, and whose stock is not yet
// released.
func auditOrder(t *testing.T, s *store.Store, id string) {
	t.Helper()
	ctx := t.Context()
	_, _, err := s.ReceiveStock(ctx, skald.Receipt{ID: "r-" + id, SKU: "LAMP", Quantity: 10})
	noError(t, err)
	_, _, err = s.PlaceOrder(ctx, sampleOrder(id, "LAMP"), skald.Submission{})
	noError(t, err)
	_, err = s.ReserveStock(ctx, id)
	noError(t, err)
	_, _, err = s.BeginStep(ctx, id, skald.StepChargePayment, time.Second)
	noError(t, err)
	_, err = s.FinishStep(ctx, id, skald.StepChargePayment, skald.Answer{Reference: "pay-" + id})
	noError(t, err)
	_, err = s.BeginCompensation(ctx, id, skald.Cause{Kind: skald.CauseExhausted, Step: skald.StepScheduleShipping})
	noError(t, err)
	noError(t, s.RefuseUndo(ctx, id, skald.UndoRefundPayment, &skald.Refused{Code: skald.CodeRefundRefused, Message: "no"}))
}

func auditShowsOrder(t *testing.T, s *store.Store) {
	want := audited{
		Status: skald.StatusNeedsAttention,
		Effects: []skald.Effect{
			{Step: skald.StepReserveStock, Outcome: skald.OutcomeOK},
			{Step: skald.StepChargePayment, Outcome: skald.OutcomeOK, Reference: "pay-o2"},
		},
		Events: []skald.Kind{
			skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged, skald.KindCompensationStarted,
			skald.KindCompensationFailed, skald.KindOrderNeedsAttention,
		},
		Intents:   []skald.Intent{{OrderID: "o2", Step: skald.StepChargePayment, Key: "o2:charge_payment", Reference: "pay-o2"}},
		Held:      []skald.Quantity{{SKU: "LAMP", Quantity: 1}},
		Incidents: []skald.Undo{skald.UndoRefundPayment},
	}
	seen := map[string]audited{}
	noError(t, s.AuditOrder(t.Context(), "o2", gather(seen)))
	if diff := cmp.Diff(map[string]audited{"o2": want}, seen); diff != "" {
		t.Errorf("one order (-want +got):\n%s", diff)
	}
	clear(seen)
	noError(t, s.AuditOrders(t.Context(), "", 10, gather(seen)))
	if diff := cmp.Diff(want, seen["o2"]); diff != "" || len(seen) != 2 {
		t.Errorf("in a page of %d orders (-want +got):\n%s", len(seen), diff)
	}
	if err := s.AuditOrder(t.Context(), "o3", gather(seen)); !errors.Is(err, skald.ErrNotFound) {
		t.Errorf("an order that is not there was answered %v", err)
	}
}

func gather(seen map[string]audited) func(skald.OrderState, []skald.Effect, []skald.Event, []skald.Intent, []skald.Quantity, []skald.Incident) error {
	return func(o skald.OrderState, effects []skald.Effect, events []skald.Event, intents []skald.Intent, held []skald.Quantity, incidents []skald.Incident) error {
		slices.SortFunc(effects, func(a, b skald.Effect) int {
			return slices.Index(skald.Steps(), a.Step) - slices.Index(skald.Steps(), b.Step)
		})
		a := audited{Status: o.Status, Effects: effects, Intents: intents, Held: held}
		for _, e := range events {
			a.Events = append(a.Events, e.Kind)
		}
		for _, i := range incidents {
			a.Incidents = append(a.Incidents, i.Undo)
		}
		seen[o.ID] = a
		return nil
	}
}

func auditPages(t *testing.T, s *store.Store) {
	enough := errors.New("enough")
	for after, want := range map[string][]string{"": {"o1"}, "o1": {"o2"}, "o2": nil} {
		var ids []string
		see := func(o skald.OrderState, _ []skald.Effect, _ []skald.Event, _ []skald.Intent, _ []skald.Quantity, _ []skald.Incident) error {
			ids = append(ids, o.ID)
			return enough
		}
		if err := s.AuditOrders(t.Context(), after, 1, see); errors.Is(err, enough) != (want != nil) {
			t.Errorf("after %q: %v", after, err)
		}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("after %q (-want +got):\n%s", after, diff)
		}
	}
}

func auditAddsStock(t *testing.T, s *store.Store) {
	levels, moved, held, err := s.AuditStock(t.Context(), "", 10)
	noError(t, err)
	want := []skald.StockLevel{{SKU: "LAMP", OnHand: 18, Reserved: 2, Received: 20}}
	if diff := cmp.Diff([][]skald.StockLevel{want, want, {{SKU: "LAMP", Reserved: 2}}}, [][]skald.StockLevel{levels, moved, held}); diff != "" {
		t.Errorf("levels, moved, held (-want +got):\n%s", diff)
	}
	if levels, _, _, err := s.AuditStock(t.Context(), "LAMP", 10); err != nil || len(levels) != 0 {
		t.Errorf("behind the last SKU are %v, %v", levels, err)
	}
}

func auditFindsEvents(t *testing.T, s *store.Store) {
	rows, err := s.Unpublished(t.Context(), 0, 100)
	noError(t, err)
	noError(t, s.MarkPublished(t.Context(), []int64{rows[0].Position, rows[2].Position, rows[1].Position}))
	for upTo, want := range map[int64][]skald.OutboxRow{0: nil, 2: {rows[0], rows[2]}, 3: rows[:3]} {
		got, err := s.AuditPublished(t.Context(), 0, upTo, 100)
		noError(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("up to publication %d (-want +got):\n%s", upTo, diff)
		}
	}
	got, err := s.AuditPublished(t.Context(), rows[0].Position, 3, 1)
	noError(t, err)
	if diff := cmp.Diff(rows[1:2], got); diff != "" {
		t.Errorf("the second page (-want +got):\n%s", diff)
	}
	found, err := s.AuditEvents(t.Context(), []string{rows[4].Event.ID, "unknown", rows[1].Event.ID})
	noError(t, err)
	slices.SortFunc(found, func(a, b skald.OutboxRow) int { return int(a.Position - b.Position) })
	if diff := cmp.Diff([]skald.OutboxRow{rows[1], rows[4]}, found); diff != "" {
		t.Errorf("by ID (-want +got):\n%s", diff)
	}
	if found, err := s.AuditEvents(t.Context(), nil); err != nil || found != nil {
		t.Errorf("nothing was answered %v, %v", found, err)
	}
}

// A page is one moment's: what is committed while it is read is not in it.
func TestAnAuditedPageIsOneMoment(t *testing.T) {
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		s := openForAudit(t, engine)
		ctx := t.Context()
		_, _, err := s.ReceiveStock(ctx, skald.Receipt{ID: "r", SKU: "LAMP", Quantity: 1000})
		noError(t, err)
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("o%d", n)
				_, _, err := s.PlaceOrder(ctx, sampleOrder(id, "LAMP"), skald.Submission{})
				if err == nil {
					_, err = s.ReserveStock(ctx, id)
				}
				if err != nil {
					t.Errorf("write: %v", err)
					return
				}
			}
		}()
		for range 50 {
			err := s.AuditOrders(ctx, "", 500, func(o skald.OrderState, effects []skald.Effect, events []skald.Event, _ []skald.Intent, held []skald.Quantity, _ []skald.Incident) error {
				if int64(len(events)) != o.LastSequence || len(effects) != len(events)-1 || len(held) != len(effects) {
					return fmt.Errorf("order %s: sequence %d, %d events, %d effects, %d held", o.ID, o.LastSequence, len(events), len(effects), len(held))
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			levels, moved, held, err := s.AuditStock(ctx, "", 10)
			noError(t, err)
			if levels[0] != moved[0] || levels[0].Reserved != held[0].Reserved {
				t.Errorf("level %+v, moved %+v, held %+v", levels[0], moved[0], held[0])
			}
		}
		close(stop)
		<-stopped
	})
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
