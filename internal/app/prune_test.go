package app_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/provider/sandbox"
)

const month = 31 * 24 * time.Hour

// The leader prunes as soon as it leads. What is about others stays: an order of
// today, one that waits for a person, however old, and the stock.
func TestOnlyOldFinalOrdersArePruned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := start(t, app.DevConfig{Dir: dir})
	w.receive(t, "LAMP", 100)
	w.place(t, newOrder("old-confirmed"))
	w.place(t, newOrder("old-rejected", withToken(sandbox.TokenDeclined)))
	w.place(t, newOrder("old-waiting", withToken(sandbox.TokenRefundRefused), withCountry(sandbox.CountryNotServed)))
	w.place(t, newOrder("today"))
	w.await(t, "old-confirmed", skald.StatusConfirmed)
	w.await(t, "old-rejected", skald.StatusRejected)
	w.await(t, "old-waiting", skald.StatusNeedsAttention)
	w.await(t, "today", skald.StatusConfirmed)
	w.awaitPublished(t)
	w.age(t, month)
	before := w.level(t, "LAMP")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	w = start(t, app.DevConfig{Dir: dir, Keep: app.DefaultDevKeep})
	for _, id := range []string{"old-confirmed", "old-rejected"} {
		eventually(t, time.Minute, id+" is pruned", func(ctx context.Context) bool {
			order, err := w.api.Order(ctx, id)
			return err == nil && order.PrunedAt != nil
		})
	}
	eventually(t, time.Minute, "the sandbox has forgotten", func(ctx context.Context) bool {
		keys, err := w.Store().PrunedKeys(ctx, 1)
		return err == nil && len(keys) == 0
	})
	wantKeys := map[string]string{"old-confirmed": "", "old-rejected": "", "old-waiting": "done", "today": "done"}
	for id, want := range wantKeys {
		charges, err := w.Ledger().Charges(t.Context(), sandbox.Query{OrderID: id})
		if err != nil || states(charges) != want {
			t.Errorf("the payment provider has %q of %s, want %q; %v", states(charges), id, want, err)
		}
		_, err = w.Store().Events(t.Context(), id, 0)
		if gone := errors.Is(err, skald.ErrPruned); gone != (want == "") {
			t.Errorf("events of %s: %v", id, err)
		}
	}
	w.wantGone(t, "/v1/orders/old-confirmed/events")
	if diff := cmp.Diff(before, w.level(t, "LAMP")); diff != "" {
		t.Errorf("stock (-before +after):\n%s", diff)
	}
	w.wantRedeliveryStartsNothing(t)
	w.wantCleanAudit(t)
}

// age makes all orders but that of today older.
func (w *world) age(t *testing.T, by time.Duration) {
	t.Helper()
	for _, update := range []string{
		`UPDATE orders SET created_at = created_at - $1, updated_at = updated_at - $1 WHERE id LIKE 'old-%'`,
		`UPDATE events SET occurred_at = occurred_at - $1 WHERE subject LIKE 'old-%'`,
	} {
		if _, err := w.Database().Writer().ExecContext(t.Context(), update, by.Microseconds()); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) level(t *testing.T, sku string) skald.StockLevel {
	t.Helper()
	level, err := w.Store().StockLevel(t.Context(), sku)
	if err != nil {
		t.Fatal(err)
	}
	return level
}

func (w *world) wantGone(t *testing.T, path string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusGone {
		t.Errorf("%s is answered %d", path, response.StatusCode)
	}
}

// wantRedeliveryStartsNothing sends an order again, with its key of then: it is
// answered, and nothing follows.
func (w *world) wantRedeliveryStartsNothing(t *testing.T) {
	t.Helper()
	placed, err := w.api.Place(t.Context(), newOrder("old-confirmed"), "key-old-confirmed")
	if err != nil || placed.Order.Status != string(skald.StatusConfirmed) || len(placed.Order.Items) != 1 {
		t.Errorf("placed again it is %+v, %v", placed, err)
	}
	state, err := w.Store().AdmitOrder(t.Context(), skald.Order{
		ID: "old-rejected", CustomerID: "customer-1", Currency: "EUR",
		Items: []skald.Item{{SKU: "LAMP", Quantity: 2, UnitPrice: 1250}},
	}, false, skald.Submission{})
	if err != nil || state.Status != skald.StatusRejected {
		t.Errorf("read again from Kafka it is %s, %v", state.Status, err)
	}
}

func (w *world) wantCleanAudit(t *testing.T) {
	t.Helper()
	report, err := w.auditor(t, time.Hour).Audit(t.Context(), audit.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range report.Findings {
		if finding.Level == audit.LevelDamage {
			t.Errorf("found %s: %s. %s", finding.Kind, finding.What, finding.Why)
		}
	}
	if report.Pruned != 2 || report.Looked[audit.PartOrders] != 4 {
		t.Errorf("%d of %d orders are pruned", report.Pruned, report.Looked[audit.PartOrders])
	}
}

func TestAKeepThatOthersOutliveIsRefusedWithTheirNames(t *testing.T) {
	t.Parallel()
	for keep, want := range map[time.Duration]string{
		0:                  "",
		app.DefaultDevKeep: "",
		168*time.Hour + 1:  "",
		168 * time.Hour: "config: Keep is 168h0m0s, must be 0, which is for ever, or longer than others can ask about an order: " +
			"topics keep events for 168h0m0s, and Temporal keeps closed sagas for 168h0m0s",
		-time.Hour: "config: Keep is -1h0m0s, must be 0, which is for ever, to 876000h0m0s",
	} {
		err := app.Config{Database: "sqlite:/x.db", Kafka: []string{"k:1"}, Temporal: "t:1", Keep: keep}.Validate()
		if got := errorText(err); got != want {
			t.Errorf("%s: %q, want %q", keep, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
