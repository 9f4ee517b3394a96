package workers_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workers"
)

func asking(r *kgo.Record, fault string) *kgo.Record {
	r.Headers = append(r.Headers, kgo.RecordHeader{Key: "skald-fault", Value: []byte(fault)})
	return r
}

func TestAnOrderFromElsewhereBringsItsFaultsAlong(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(o *workers.IntakeOptions) {
		o.Carry = func(header string) (string, error) {
			if header == "nonsense" {
				return "", errors.New("nowhere is no point")
			}
			return "stored " + header, nil
		}
	})
	ours := published(t, "ours")
	d.orders.put(sampleOrder("ours"), skald.StatusAccepted)
	produce(t, d.cluster, asking(placed(t, "event"), "a"), asking(plain(t, "bare"), "b"), asking(structured(t, "structured"), "c"),
		asking(placed(t, "wrong"), "nonsense"), asking(ours, "nonsense"), placed(t, "none"))
	stop := running(t, d.intake)
	eventually(t, "all are committed", func() bool { return d.committed() == 6 })
	stop()
	want := map[string]string{"event": "stored a", "bare": "stored b", "structured": "stored c", "ours": "", "none": ""}
	if diff := cmp.Diff(want, d.orders.faults()); diff != "" {
		t.Errorf("faults by order (-want +got):\n%s", diff)
	}
	if d.letters() != 1 {
		t.Errorf("%d dead letters, want 1: whose faults cannot be read", d.letters())
	}
}

// A header must neither keep an order from being done, nor let a test pass that
// tested nothing.
func TestFaultsThatNobodyInjectsAreIgnoredAndTheOrderSaysSo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	produce(t, d.cluster, asking(placed(t, "order-1"), "charge_payment=panic"), asking(placed(t, "hostile"), "\x00\xff"+strings.Repeat("x", 5000)))
	stop := running(t, d.intake)
	eventually(t, "both sagas are started", func() bool { return len(d.temporal.started()) == 2 })
	stop()
	want := map[string]string{"order-1": "ignored: charge_payment=panic", "hostile": "ignored:  " + strings.Repeat("x", 198)}
	if diff := cmp.Diff(want, d.orders.faults()); diff != "" || d.letters() != 0 {
		t.Errorf("%d dead letters, faults by order (-want +got):\n%s", d.letters(), diff)
	}
}

func (o *orders) faults() map[string]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	faults := map[string]string{}
	for id, order := range o.stored {
		faults[id] = order.Fault
	}
	return faults
}
