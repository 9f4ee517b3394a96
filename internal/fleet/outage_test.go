package fleet_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/fleet"
)

const (
	outageLasts = 20 * time.Second
	// truthLimit is how long readiness may be behind what is so.
	truthLimit = 10 * time.Second
)

// outage is a server that goes away, and what is true of skald meanwhile.
type outage struct {
	name   string // that readiness gives it
	state  string // of every process
	accept bool   // orders are accepted as if nothing were
	server func(*installation) server
}

type server interface {
	Stop(ctx context.Context) error
	Start(ctx context.Context) error
}

var outages = []outage{
	{name: "kafka", state: client.StateDegraded, accept: true, server: func(in *installation) server { return in.servers.Kafka }},
	{name: "temporal", state: client.StateDegraded, accept: true, server: func(in *installation) server { return in.servers.Temporal }},
	{name: "database", state: client.StateUnready, server: func(in *installation) server { return in.servers.Postgres }},
}

// Each server is away for a while, under load. Only the database is needed to
// accept an order; who is refused is told when to come again, and that it is not
// known, or known, whether the order was accepted.
func outagesUnderLoad(t *testing.T, in *installation) {
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) { o.play(t, in) })
	}
}

func (o outage) play(t *testing.T, in *installation) {
	s := newShop(in, "outage-"+o.name, o.allow)
	open, closeShop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.open(open, pace{every: 50 * time.Millisecond, customers: 8})
	}()
	defer func() { closeShop(); <-done }()
	in.awaitEnded(t, s.name, 50)
	victims := in.oneOfEach(t)

	must(t, o.server(in).Stop(t.Context()))
	gone := time.NewTimer(outageLasts)
	noticed := o.awaitNoticed(t, in)
	stopped := stopAll(t, victims)
	<-gone.C
	must(t, o.server(in).Start(t.Context()))
	back := time.Now()
	in.revive(t)
	ready := in.awaitReady(t)
	flowing := in.awaitFlow(t, s.name)
	closeShop()
	<-done

	s.report(t)
	in.awaitFinal(t, s)
	t.Logf("%s was away for %s: every process says so after %s; once it is back, every process is ready after %s, a new order is final after %s, all orders after %s",
		o.name, outageLasts, noticed.Round(time.Millisecond), ready.Round(time.Millisecond), flowing.Round(time.Millisecond), time.Since(back).Round(time.Millisecond))
	t.Logf("told to stop meanwhile: %v", stopped)
	in.wantWholeTopics(t)
}

// oneOfEach is a process of each role; of the relays the one that leads.
func (in *installation) oneOfEach(t *testing.T) []*fleet.Process {
	t.Helper()
	leader, err := in.Leader(t.Context())
	must(t, err)
	return []*fleet.Process{in.WithRole("gateway")[0], in.WithRole("worker")[0], leader}
}

// stopAll stops processes, which must end in order and in time although a server
// is away, and returns how long each took.
func stopAll(t *testing.T, processes []*fleet.Process) map[string]time.Duration {
	t.Helper()
	took := map[string]time.Duration{}
	for _, p := range processes {
		began := time.Now()
		must(t, p.Stop(t.Context()))
		took[p.Name()] = time.Since(began).Round(time.Millisecond)
	}
	return took
}

// allow accepts the refusals that an outage may bring.
func (o outage) allow(a answer) error {
	if a.refused() {
		return nil // that gateway is stopped meanwhile
	}
	if o.accept {
		return fmt.Errorf("refused although only %s is away: %s", o.name, a)
	}
	honest := a.body.Outcome == "unknown" || a.body.Outcome == "not_accepted"
	if a.status != http.StatusServiceUnavailable || a.retryAfter <= 0 || !honest {
		return fmt.Errorf("refused without a way on: %s", a)
	}
	return nil
}

// awaitNoticed waits until every process tells of the outage, to programs and by
// its health check: a gateway is well as long as it takes orders.
func (o outage) awaitNoticed(t *testing.T, in *installation) time.Duration {
	t.Helper()
	return eventually(t, truthLimit, "every process says that "+o.name+" is away", func() error {
		for _, p := range in.Processes() {
			got, err := readiness(t.Context(), p.URL())
			if err != nil {
				return fmt.Errorf("%s: %w", p.Name(), err)
			}
			if got.State != o.state || got.Dependencies[o.name].State != "down" {
				return fmt.Errorf("%s is %s: %v", p.Name(), got.State, got.Dependencies)
			}
			healthy, want := p.Healthy(t.Context()) == nil, o.accept && slices.Contains(in.WithRole("gateway"), p)
			if healthy != want {
				return fmt.Errorf("%s is healthy by its health check: %t, want %t", p.Name(), healthy, want)
			}
		}
		return nil
	})
}

// awaitFlow waits until an order that was placed from now on is final.
func (in *installation) awaitFlow(t *testing.T, customer string) time.Duration {
	t.Helper()
	var now int64
	must(t, in.db.QueryRowContext(t.Context(), `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`).Scan(&now))
	return eventually(t, settleLimit, "a new order is final", func() error {
		ended, err := in.count(t.Context(), `
			SELECT count(*) FROM orders
			WHERE customer_id = $1 AND created_at > $2 AND status IN ('confirmed', 'rejected', 'failed', 'cancelled')`, customer, now)
		if err == nil && ended == 0 {
			err = fmt.Errorf("none is")
		}
		return err
	})
}
