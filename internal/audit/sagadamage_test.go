package audit_test

import (
	"testing"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
)

const (
	timedOut  = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT
	cancelled = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED
	completed = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
)

func sagaDamages() map[string]damage {
	stopped := func(why string, end func(w *world)) damage {
		return damage{
			make: func(t *testing.T, w *world) {
				w.place(t, "o1")
				w.do(t, "o1", skald.StepChargePayment)
				w.publish(t)
				end(w)
			},
			mended: []string{"started the saga again as run run-1"},
			want:   []audit.Finding{{Kind: audit.SagaStopped, OrderID: "o1", Why: why}},
		}
	}
	all := map[string]damage{
		"an order that was never started": {
			make: func(t *testing.T, w *world) {
				w.place(t, "o1")
				w.publish(t)
			},
			want: []audit.Finding{{
				Kind: audit.SagaMissing, OrderID: "o1", What: "order o1 is accepted, and Temporal knows no saga of it",
				Why: "it was never started: its order.placed is not published or not read yet, or its message was lost",
			}},
			mended: []string{"started the saga again as run run-1"},
		},
		"a saga that was deleted": {
			make: func(t *testing.T, w *world) {
				w.place(t, "o1")
				w.do(t, "o1", skald.StepReserveStock)
				w.publish(t)
			},
			want: []audit.Finding{{
				Kind: audit.SagaMissing, OrderID: "o1", What: "order o1 is processing, and Temporal knows no saga of it",
				Why: "it had begun: Temporal has forgotten or deleted it, or it ran in another namespace",
			}},
			mended: []string{"started the saga again as run run-1"},
		},
	}
	for status, d := range map[string]damage{
		"terminated": stopped("it was terminated by ada: too slow", func(w *world) { w.temporal.end("o1", terminated("ada", "too slow")) }),
		"failed": stopped("it failed as OrderStopped: order_id must be set", func(w *world) {
			w.temporal.end("o1", failed("OrderStopped", "order_id must be set"))
		}),
		"timed out": stopped("it ran into a time-out that somebody gave it", func(w *world) { w.temporal.end("o1", ended(timedOut)) }),
		"cancelled": stopped("it closed as cancelled before the order was", func(w *world) { w.temporal.end("o1", ended(cancelled)) }),
		"completed": stopped("it returned before the order was final, or the order was changed after it", func(w *world) { w.temporal.end("o1", ended(completed)) }),
	} {
		d.want[0].What = "order o1 is processing, and its saga is closed: " + status
		all["a saga that was "+status] = d
	}
	return all
}
