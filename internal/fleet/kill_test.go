package fleet_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/fleet"
	"github.com/skald-saga/skald/workers"
)

const (
	killOrders = 5000
	onTheWay   = 100 // events that wait for Kafka's acknowledgement when the leading relay dies
)

// In the middle of 5,000 orders a worker and the leading relay die, a worker
// joins, and the next leading relay sleeps until a third leads and then goes on:
// nothing of it shows in what customers were promised.
func killUnderLoad(t *testing.T, in *installation) {
	began := time.Now()
	s := newShop(in, "kill", func(a answer) error { return fmt.Errorf("an answer during a worker's and a relay's death: %s", a) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.open(t.Context(), pace{orders: killOrders, customers: 16})
	}()
	in.awaitEnded(t, s.name, killOrders/5)
	must(t, in.WithRole("worker")[0].Kill())
	in.awaitEnded(t, s.name, killOrders*2/5)
	in.killLeader(t)
	in.awaitEnded(t, s.name, killOrders*3/5)
	_, err := in.Add(t.Context(), "worker")
	must(t, err)
	in.revive(t, "relay")
	in.awaitEnded(t, s.name, killOrders*7/10)
	in.overtakeLeader(t)
	<-done
	t.Logf("every order is accepted after %s", time.Since(began).Round(time.Millisecond))
	s.report(t)
	in.awaitFinal(t, s)
	t.Logf("every order is final after %s", time.Since(began).Round(time.Millisecond))
	if repeats := in.wantWholeTopics(t); repeats == 0 {
		t.Error("no event is repeated: the relay did not die in the middle of anything")
	}
	in.revive(t)
	in.awaitReady(t)
}

// killLeader kills the relay that leads, and wants another to lead in time. It
// dies at the worst moment: what it has sent is on its way to Kafka, which reads
// it after its death, so that nobody knows of it and the next relay sends it
// again.
func (in *installation) killLeader(t *testing.T) {
	t.Helper()
	leader, err := in.Leader(t.Context())
	must(t, err)
	broker := in.servers.Kafka.PID()
	must(t, syscall.Kill(broker, syscall.SIGSTOP))
	unpublished := fmt.Sprintf("%d events are with the relay", onTheWay)
	eventually(t, recoverLimit, unpublished, func() error {
		waiting, err := in.count(t.Context(), `SELECT count(*) FROM events WHERE published_at IS NULL`)
		if err == nil && waiting < onTheWay {
			err = fmt.Errorf("%d are", waiting)
		}
		return err
	})
	must(t, leader.Kill())
	must(t, syscall.Kill(broker, syscall.SIGCONT))
	in.wantNextLeader(t, leader, "was killed")
}

// overtakeLeader keeps the relay that leads from noticing that its time is over,
// and lets it go on when another leads: it may only repeat.
func (in *installation) overtakeLeader(t *testing.T) {
	t.Helper()
	leader, err := in.Leader(t.Context())
	must(t, err)
	must(t, leader.Pause())
	in.wantNextLeader(t, leader, "fell asleep")
	must(t, leader.Resume())
}

func (in *installation) wantNextLeader(t *testing.T, before *fleet.Process, what string) {
	t.Helper()
	took := eventually(t, recoverLimit, "another relay leads", func() error {
		next, err := in.Leader(t.Context())
		if err == nil && next == before {
			err = fmt.Errorf("%s still leads", before.Name())
		}
		return err
	})
	t.Logf("the next relay leads %s after %s %s", took.Round(time.Millisecond), before.Name(), what)
	if took > workers.TakeoverLimit {
		t.Errorf("the next relay leads after %s, want %s at most", took, workers.TakeoverLimit)
	}
}

// awaitEnded waits until so many orders of a customer are final.
func (in *installation) awaitEnded(t *testing.T, customer string, count int) {
	t.Helper()
	eventually(t, settleLimit, fmt.Sprintf("%d orders are final", count), func() error {
		ended, err := in.count(t.Context(), `
			SELECT count(*) FROM orders
			WHERE customer_id = $1 AND status IN ('confirmed', 'rejected', 'failed', 'cancelled')`, customer)
		if err == nil && ended < count {
			err = fmt.Errorf("%d are", ended)
		}
		return err
	})
}

// revive starts what was killed or stopped, of the services named or of all. What
// had ended by itself is a failure.
func (in *installation) revive(t *testing.T, services ...string) {
	t.Helper()
	for _, p := range in.Processes(services...) {
		if p.PID() == 0 {
			must(t, p.Stop(t.Context()))
			must(t, p.Start(t.Context()))
			must(t, p.AwaitHealthy(t.Context()))
		}
	}
}
