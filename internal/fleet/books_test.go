package fleet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/client"
)

// restock makes sure that there is enough of what the shop sells.
func (in *installation) restock(t *testing.T) {
	t.Helper()
	api := in.client(t)
	for sku, quantity := range map[string]int64{plenty: plentiful, scarce: scarceLeft} {
		_, err := api.Receive(t.Context(), sku, quantity, "first-"+sku)
		must(t, err)
	}
}

func (in *installation) client(t *testing.T) *client.Client {
	t.Helper()
	api, err := client.New(client.Options{Server: in.gateways()[0]})
	must(t, err)
	t.Cleanup(api.Close)
	return api
}

// awaitFinal waits until every order of a shop is final, compares them with what
// was promised, and returns how long it took.
func (in *installation) awaitFinal(t *testing.T, s *shop) time.Duration {
	t.Helper()
	took := eventually(t, settleLimit, s.name+": every order is final", func() error {
		open, err := in.count(t.Context(), `
			SELECT count(*) FROM orders
			WHERE customer_id = $1 AND status NOT IN ('confirmed', 'rejected', 'failed', 'cancelled')`, s.name)
		if err == nil && open > 0 {
			err = fmt.Errorf("%d are not", open)
		}
		return err
	})
	if diff := gocmp.Diff(s.want, in.ends(t, s.name)); diff != "" {
		t.Errorf("%s: orders ended otherwise (-want +got):\n%s", s.name, diff)
	}
	return took
}

// ends reads, over HTTP, how every order of a customer ended.
func (in *installation) ends(t *testing.T, customer string) map[string]string {
	t.Helper()
	api, found := in.client(t), map[string]string{}
	filter := client.OrderFilter{CustomerID: customer, Limit: 200}
	for {
		page, err := api.Orders(t.Context(), filter)
		must(t, err)
		for _, order := range page.Orders {
			found[order.ID] = order.Status
		}
		if filter.Cursor = page.NextCursor; filter.Cursor == "" {
			return found
		}
	}
}

// awaitPublished waits until the relay has nothing left to publish.
func (in *installation) awaitPublished(t *testing.T) {
	t.Helper()
	eventually(t, recoverLimit, "every event is published", func() error {
		left, err := in.count(t.Context(), `SELECT count(*) FROM events WHERE published_at IS NULL`)
		if err == nil && left > 0 {
			err = fmt.Errorf("%d are not", left)
		}
		return err
	})
}

// auditRest is what the audit leaves alone because it is too new to be judged.
const auditRest = time.Minute

// wantCleanAudit waits until everything is old enough to be judged, and runs the
// command with a worker's environment.
func (in *installation) wantCleanAudit(t *testing.T) {
	t.Helper()
	eventually(t, 2*auditRest, "every order is old enough to be audited", func() error {
		young, err := in.count(t.Context(), `SELECT count(*) FROM orders WHERE updated_at > extract(epoch FROM clock_timestamp()) * 1000000 - $1::bigint`, auditRest.Microseconds())
		if err == nil && young > 0 {
			err = fmt.Errorf("%d are not", young)
		}
		return err
	})
	began := time.Now()
	text, err := in.Run(t.Context(), "worker", "audit", "--output", "json")
	if err != nil {
		t.Fatalf("skald audit: %v\n%s", err, text)
	}
	var report struct {
		Looked   map[string]int `json:"looked"`
		Findings []any          `json:"findings"`
	}
	must(t, json.Unmarshal([]byte(text), &report))
	if len(report.Findings) > 0 {
		t.Errorf("skald audit found %v", report.Findings)
	}
	total, err := in.count(t.Context(), `SELECT count(*) FROM orders`)
	must(t, err)
	if report.Looked["orders"] != total {
		t.Errorf("skald audit looked at %v, want %d orders", report.Looked, total)
	}
	t.Logf("skald audit is clean after %s; it looked at %v", time.Since(began).Round(time.Millisecond), report.Looked)
}

// awaitReady waits until every process says that it and all it needs is well,
// and returns how long it took.
func (in *installation) awaitReady(t *testing.T) time.Duration {
	t.Helper()
	return eventually(t, recoverLimit, "every process is ready", func() error { return in.allReady(t.Context()) })
}

func (in *installation) allReady(ctx context.Context) error {
	for _, p := range in.Processes() {
		if p.PID() == 0 {
			continue
		}
		got, err := readiness(ctx, p.URL())
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name(), err)
		}
		if got.State != client.StateReady {
			return fmt.Errorf("%s is %s: %v", p.Name(), got.State, got.Dependencies)
		}
	}
	return nil
}

func readiness(ctx context.Context, url string) (client.Readiness, error) {
	api, err := client.New(client.Options{Server: url, Attempts: 1, Timeout: 5 * time.Second})
	if err != nil {
		return client.Readiness{}, err
	}
	defer api.Close()
	return api.Ready(ctx)
}
