package app_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
)

const (
	loopInFlight = 50
	loopTimeout  = 10 * time.Minute
)

// BenchmarkLoop is a closed loop: 50 customers each place an order over HTTP,
// wait until its last event can be read from Kafka, and place the next. Of 100
// orders 90 are confirmed, 5 have their card declined and 5 cannot be shipped.
// Everything, the customers included, shares this process.
//
//	go test ./internal/app -run '^$' -bench Loop -benchtime 3000x
func BenchmarkLoop(b *testing.B) {
	dev, err := app.StartDev(b.Context(), app.DevConfig{Dir: b.TempDir(), Logger: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := dev.Close(); err != nil {
			b.Errorf("close skald: %v", err)
		}
	})
	l := newLoop(b, dev)
	b.Cleanup(l.close)
	l.run(b, "warm-up", loopInFlight)
	b.ResetTimer()
	began, cpu := time.Now(), cpuTime(b)
	took := l.run(b, "order", b.N)
	elapsed, spent := time.Since(began), cpuTime(b)-cpu
	b.StopTimer()
	b.ReportMetric(float64(b.N)/elapsed.Seconds(), "sagas/s")
	b.ReportMetric(float64(spent.Microseconds())/1000/float64(b.N), "cpu-ms/saga")
	b.ReportMetric(milliseconds(took, 50), "p50-ms")
	b.ReportMetric(milliseconds(took, 99), "p99-ms")
	b.ReportMetric(0, "ns/op") // one order's share of the time says nothing that sagas/s does not
}

// loop is the customers and what they share: a client, and one reader of both
// event topics that tells each of them when its order has ended.
type loop struct {
	api  *client.Client
	tail *app.Tail

	mu     sync.Mutex
	ending map[string]chan skald.Kind
}

func newLoop(b *testing.B, dev *app.Dev) *loop {
	b.Helper()
	api, err := client.New(client.Options{Server: dev.URL()})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := api.Receive(b.Context(), "LAMP", 1_000_000, "loop-stock"); err != nil {
		b.Fatal(err)
	}
	awaitReady(b, api)
	tail, err := app.OpenTail(b.Context(), app.TailOptions{Kafka: dev.Addresses().Kafka, From: app.TailFromEnd})
	if err != nil {
		b.Fatal(err)
	}
	return &loop{api: api, tail: tail, ending: map[string]chan skald.Kind{}}
}

// awaitReady waits until every part is up: the relay has made the topics then.
func awaitReady(b *testing.B, api *client.Client) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		readiness, err := api.Ready(ctx)
		if err == nil && readiness.State == client.StateReady {
			return
		}
		select {
		case <-ctx.Done():
			b.Fatalf("not ready: %+v, %v", readiness, err)
		case <-tick.C:
		}
	}
}

func (l *loop) close() {
	l.tail.Close()
	l.api.Close()
}

// run carries count orders through and returns how long each took, sorted.
func (l *loop) run(b *testing.B, prefix string, count int) []time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), loopTimeout)
	var reader, customers sync.WaitGroup
	reader.Go(func() { l.read(ctx) })
	took, next := make([]time.Duration, count), make(chan int)
	for range loopInFlight {
		customers.Go(func() {
			for n := range next {
				began := time.Now()
				if err := l.carry(ctx, loopOrder(prefix, n)); err != nil {
					b.Error(err)
				}
				took[n] = time.Since(began)
			}
		})
	}
	for n := range count {
		next <- n
	}
	close(next)
	customers.Wait()
	cancel()
	reader.Wait()
	slices.Sort(took)
	return took
}

// read tells customers the last event of their orders.
func (l *loop) read(ctx context.Context) {
	for {
		event, _, err := l.tail.Next(ctx)
		if err != nil {
			return // ctx is done; customers that still wait see that too
		}
		if !event.Kind.Final() {
			continue
		}
		l.mu.Lock()
		if ended := l.ending[event.Subject]; ended != nil {
			ended <- event.Kind
			delete(l.ending, event.Subject) // an event may come twice
		}
		l.mu.Unlock()
	}
}

// loopCase is an order and the event with which it must end.
type loopCase struct {
	order client.NewOrder
	ends  skald.Kind
}

func loopOrder(prefix string, n int) loopCase {
	id := fmt.Sprintf("%s-%06d", prefix, n)
	switch n % 20 {
	case 7:
		return loopCase{newOrder(id, withToken("tok_declined")), skald.KindOrderRejected}
	case 17:
		return loopCase{newOrder(id, withCountry("AQ")), skald.KindOrderRejected}
	}
	return loopCase{newOrder(id), skald.KindOrderConfirmed}
}

// carry places one order and waits for its end.
func (l *loop) carry(ctx context.Context, c loopCase) error {
	ended := make(chan skald.Kind, 1)
	l.mu.Lock()
	l.ending[c.order.ID] = ended
	l.mu.Unlock()
	if _, err := l.api.Place(ctx, c.order, c.order.ID); err != nil {
		return fmt.Errorf("place %s: %w", c.order.ID, err)
	}
	select {
	case kind := <-ended:
		if kind != c.ends {
			return fmt.Errorf("%s ended with %s, want %s", c.order.ID, kind, c.ends)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: no last event: %w", c.order.ID, ctx.Err())
	}
}

// cpuTime is what this process has spent, in user and system mode.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// milliseconds is the p-th percentile of durations that are sorted.
func milliseconds(sorted []time.Duration, p int) float64 {
	at := min(len(sorted)*p/100, len(sorted)-1)
	return float64(sorted[at].Microseconds()) / 1000
}
