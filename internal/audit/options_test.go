package audit_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/kafka"
)

func TestAQueryThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Audit(t.Context(), audit.Query{OrderID: "not an ID", Parts: []audit.Part{"moon"}, Findings: -1})
	var invalid *skald.Invalid
	if !errors.As(err, &invalid) {
		t.Fatalf("audit answered %v", err)
	}
	want := []skald.Violation{
		{Field: "order_id", Message: "is not an order's ID"},
		{Field: "parts[0]", Message: "must be one of [sagas orders providers stock outbox topics]"},
		{Field: "findings", Message: "must be 0 to 1000000"},
	}
	if diff := cmp.Diff(want, invalid.Violations); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func TestOptionsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := audit.Options{Store: w.store, Sagas: w.temporal, Payment: w.payment, Carrier: w.carrier, Kafka: w.kafka()}
	for want, alter := range map[string]func(*audit.Options){
		"audit: Store is required":                                  func(o *audit.Options) { o.Store = nil },
		"audit: Sagas is required":                                  func(o *audit.Options) { o.Sagas = nil },
		"audit: Payment is required":                                func(o *audit.Options) { o.Payment = nil },
		"audit: Carrier is required":                                func(o *audit.Options) { o.Carrier = nil },
		"audit: Patience 25h0m0s: want 0 to 24h0m0s":                func(o *audit.Options) { o.Patience = 25 * time.Hour },
		"audit: AtOnce 257: want 0 to 256":                          func(o *audit.Options) { o.AtOnce = 257 },
		"audit: Grace -1s: must not be negative":                    func(o *audit.Options) { o.Grace = -time.Second },
		"audit: Every -1s: must not be negative":                    func(o *audit.Options) { o.Every = -time.Second },
		"kafka: Brokers is empty: at least one address is required": func(o *audit.Options) { o.Kafka = kafka.Options{} },
	} {
		o := good
		alter(&o)
		if _, err := audit.New(o); err == nil || err.Error() != want {
			t.Errorf("New answered %v, want %s", err, want)
		}
	}
	if _, err := audit.New(good); err != nil {
		t.Errorf("New answered %v", err)
	}
}

func TestKindsAreListedOnceInTheOrderOfAReport(t *testing.T) {
	t.Parallel()
	kinds := audit.Kinds()
	if len(kinds) != 16 || len(slices.Compact(slices.Sorted(slices.Values(kinds)))) != len(kinds) {
		t.Errorf("kinds are %v", kinds)
	}
	for _, kind := range kinds {
		if kind.Level() == "" {
			t.Errorf("%s has no level", kind)
		}
	}
}
