package workers_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"go.temporal.io/api/serviceerror"

	"github.com/skald-saga/skald"
)

// When nearly everything fails for a reason that is not the messages', parking
// every order would hide it.
func TestSystemicTroublePausesIntakeInsteadOfParkingEveryOrder(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]error{
		"rejected": serviceerror.NewInvalidArgument("workflow type is not allowed"),
		"unknown":  errors.New("something nobody foresaw"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			var broken atomic.Bool
			var probes atomic.Int64
			broken.Store(true)
			d.temporal.onStart = func(context.Context, string) error {
				if broken.Load() {
					probes.Add(1)
					return trouble
				}
				return nil
			}
			const all = 40
			place(t, d, 0, all)
			running(t, d.intake)
			eventually(t, "intake is paused", func() bool { return d.intake.State().Paused && d.intake.Ready() != nil })
			before := probes.Load()
			eventually(t, "messages are probed", func() bool { return probes.Load() > before+100 })
			if got := d.letters(); got > 9 {
				t.Errorf("%d orders were parked, want at most the 9 before the breaker may judge", got)
			}
			broken.Store(false)
			eventually(t, "everything is committed", func() bool { return d.committed() == all })
			if got := int64(len(d.temporal.started())) + d.letters(); got != all || d.intake.Ready() != nil {
				t.Errorf("%d orders are started or parked, want %d; ready %v", got, all, d.intake.Ready())
			}
		})
	}
}

func TestAProducersBadRecordsNeverPauseIntake(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for n := range 120 {
		produceAsync(t, d.cluster, message(fmt.Sprintf("bad-%d", n), skald.KindOrderPlaced, []byte("{")))
	}
	flush(t, d.cluster)
	produce(t, d.cluster, placed(t, "good"))
	running(t, d.intake)
	eventually(t, "everything is committed", func() bool { return d.committed() == 121 })
	if d.letters() != 120 || len(d.temporal.started()) != 1 || d.intake.State().Paused {
		t.Errorf("dead letters %d, started %v, paused %v", d.letters(), d.temporal.started(), d.intake.State().Paused)
	}
}
