package bench_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/bench"
	"github.com/skald-saga/skald/internal/client"
)

// skaldlike answers orders and ends them, each in its own time.
type skaldlike struct {
	answer func(n int) time.Duration                         // how long the nth request takes
	refuse func(n int) error                                 // what it is answered instead
	end    func(order client.NewOrder) (time.Duration, bool) // how long after the answer, and whether at all
	events chan skald.Event
	ending sync.WaitGroup

	mu    sync.Mutex
	count int
}

func newSkaldlike() *skaldlike {
	return &skaldlike{
		answer: func(int) time.Duration { return time.Millisecond },
		refuse: func(int) error { return nil },
		end:    func(client.NewOrder) (time.Duration, bool) { return 9 * time.Millisecond, true },
		events: make(chan skald.Event, 10_000),
	}
}

func (s *skaldlike) Receive(context.Context, string, int64, string) (client.Received, error) {
	return client.Received{}, nil
}

func (s *skaldlike) Place(_ context.Context, order client.NewOrder, _ string) (client.Placed, error) {
	s.mu.Lock()
	n := s.count
	s.count++
	s.mu.Unlock()
	time.Sleep(s.answer(n))
	if err := s.refuse(n); err != nil {
		return client.Placed{}, err
	}
	if after, ends := s.end(order); ends {
		s.ending.Go(func() {
			time.Sleep(after)
			s.events <- skald.Event{Subject: order.ID, Kind: endOf(order)}
		})
	}
	return client.Placed{}, nil
}

func endOf(order client.NewOrder) skald.Kind {
	if order.Payment.Token == "tok_declined" || order.ShipTo.Country == "AQ" {
		return skald.KindOrderRejected
	}
	return skald.KindOrderConfirmed
}

func (s *skaldlike) Next(ctx context.Context) (skald.Event, string, error) {
	select {
	case event := <-s.events:
		return event, skald.TopicEvents, nil
	case <-ctx.Done():
		return skald.Event{}, "", ctx.Err()
	}
}

// measure runs o against s in fake time.
func measure(t *testing.T, s *skaldlike, o bench.Options) (report bench.Report) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.events = make(chan skald.Event, 10_000) // of this bubble
		o.API, o.Events, o.Run = s, s, "run"
		var err error
		if report, err = bench.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		s.ending.Wait()
	})
	return report
}

func TestAnOpenLoopPlacesItsRateAndMeasuresEachOrder(t *testing.T) {
	report := measure(t, newSkaldlike(), bench.Options{Rate: 100, Duration: 10 * time.Second, WarmUp: time.Second})
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	got := []int{report.Intended, report.Accepted, report.Ended, report.Refused, report.Unknown}
	if diff := cmp.Diff([]int{1000, 1000, 1000, 0, 0}, got); diff != "" {
		t.Errorf("intended, accepted, ended, refused, unknown (-want +got):\n%s", diff)
	}
	if want := (bench.Percentiles{P50: 1, P90: 1, P99: 1, Max: 1}); report.Acceptance != want {
		t.Errorf("acceptance %+v, want %+v", report.Acceptance, want)
	}
	if want := (bench.Percentiles{P50: 10, P90: 10, P99: 10, Max: 10}); report.OrderToFinal != want {
		t.Errorf("order to final %+v, want %+v", report.OrderToFinal, want)
	}
}

func TestAnOpenLoopCountsTheWaitOfOrdersThatCouldNotEvenBePlaced(t *testing.T) {
	s := newSkaldlike()
	s.answer = func(n int) time.Duration { // the first request of the measured part hangs for two seconds, and with it all others
		if n == 0 {
			return 2 * time.Second
		}
		return time.Millisecond
	}
	report := measure(t, s, bench.Options{Rate: 100, InFlight: 1, Duration: 5 * time.Second, WarmUp: -1})
	if report.Acceptance.Max < 2000 || report.Acceptance.P50 < 500 {
		t.Errorf("acceptance %+v: the 200 orders that were due during the stall must have waited for its end", report.Acceptance)
	}
}

func TestAClosedLoopKeepsItsNumberInFlight(t *testing.T) {
	report := measure(t, newSkaldlike(), bench.Options{InFlight: 5, Duration: 2 * time.Second, WarmUp: -1})
	if report.Ended != 5*200 {
		t.Errorf("%d orders in 2 s, want 5 every 10 ms: 1000", report.Ended)
	}
	if report.Loop != "closed" || report.Intended != 0 {
		t.Errorf("loop %q with %d intended orders: a closed loop intends none", report.Loop, report.Intended)
	}
}

func TestSamplesShowEachIntervalOfTheMeasuredPart(t *testing.T) {
	s := newSkaldlike()
	s.answer = func(n int) time.Duration { // 100 orders warm up, 250 are quick, and then a request takes 100 ms
		if n >= 350 {
			return 100 * time.Millisecond
		}
		return time.Millisecond
	}
	var heard []bench.Sample
	report := measure(t, s, bench.Options{
		Rate: 100, Duration: 7 * time.Second, WarmUp: time.Second, Every: 2 * time.Second,
		Sample: func(one bench.Sample) { heard = append(heard, one) },
	})
	if diff := cmp.Diff(report.Samples, heard); diff != "" {
		t.Errorf("what Sample heard (-reported +heard):\n%s", diff)
	}
	if len(heard) != 3 {
		t.Fatalf("%d samples, want 3: the rest of a second is no interval", len(heard))
	}
	for n, sample := range heard {
		if want := float64(2 * (n + 1)); math.Abs(sample.Seconds-want) > 0.02 {
			t.Errorf("sample %d at %v s, want %v", n, sample.Seconds, want)
		}
		if sample.Ended < 185 || sample.Ended > 205 || math.Abs(sample.SagasPerSecond-float64(sample.Ended)/2) > 1 {
			t.Errorf("sample %d has %d ends, %.1f a second, want about 200 and half of them", n, sample.Ended, sample.SagasPerSecond)
		}
	}
	if first, last := heard[0].OrderToFinal.P50, heard[2].OrderToFinal.P50; first != 10 || last != 109 {
		t.Errorf("order to final p50 %v and %v ms, want 10 in the first sample and 109 in the last", first, last)
	}
	if stored := heard[2].Stored; stored < 680 || stored > 705 {
		t.Errorf("%d orders stored at the end of the last sample, want the warm-up's 100 and about 600", stored)
	}
}

func TestTheRateOfAClosedLoopIsThatOfTheTimeInWhichAllWereInFlight(t *testing.T) {
	s := newSkaldlike()
	s.end = func(client.NewOrder) (time.Duration, bool) { return 969 * time.Millisecond, true }
	report := measure(t, s, bench.Options{InFlight: 40, Duration: 9700 * time.Millisecond, WarmUp: 2 * time.Second})
	if want := 40 / 0.97; math.Abs(report.SagasPerSecond-want) > 0.1 {
		t.Errorf("%.2f sagas/s, want %.2f: 40 that take 0.97 s each", report.SagasPerSecond, want)
	}
}

func TestAnOrderThatNeverEndsFailsTheRun(t *testing.T) {
	s := newSkaldlike()
	s.end = func(order client.NewOrder) (time.Duration, bool) { return time.Millisecond, order.ID != "run-3" }
	report := measure(t, s, bench.Options{Rate: 10, Duration: time.Second, WarmUp: -1, Patience: time.Minute})
	if report.Lost != 1 || report.Err() == nil {
		t.Errorf("lost %d, error %v; want one order that was accepted and never ended", report.Lost, report.Err())
	}
	if report.DrainedIn != 60 {
		t.Errorf("waited %v s for it, want its patience of 60 s", report.DrainedIn)
	}
}

func TestAnOrderThatEndsOtherwiseThanItShouldFailsTheRun(t *testing.T) {
	s := newSkaldlike()
	events := 0
	s.end = func(order client.NewOrder) (time.Duration, bool) {
		if events++; events == 1 {
			s.events <- skald.Event{Subject: order.ID, Kind: skald.KindOrderFailed}
		}
		return time.Millisecond, true
	}
	report := measure(t, s, bench.Options{Rate: 10, Duration: time.Second, WarmUp: -1})
	if report.Wrong != 1 || report.Err() == nil {
		t.Errorf("wrong %d, error %v; want one", report.Wrong, report.Err())
	}
}

func TestRefusedAndUnknownOrdersAreCountedApart(t *testing.T) {
	s := newSkaldlike()
	s.refuse = func(n int) error {
		switch n {
		case 2, 3:
			return &client.Problem{Status: 503, Outcome: "not_accepted", Detail: "too many"}
		case 5:
			return errors.New("connection reset")
		}
		return nil
	}
	report := measure(t, s, bench.Options{Rate: 10, Duration: time.Second, WarmUp: -1, Patience: time.Second})
	got := []int{report.Accepted, report.Refused, report.Unknown, report.Lost}
	if diff := cmp.Diff([]int{7, 2, 1, 0}, got); diff != "" {
		t.Errorf("accepted, refused, unknown, lost (-want +got):\n%s", diff)
	}
	if report.Refusals["connection reset"] != 1 {
		t.Errorf("refusals %v: want what was said", report.Refusals)
	}
}

func TestTheMixIsWhatWasAskedForAndTheSameForOneSeed(t *testing.T) {
	ends := func(seed uint64) (kinds []skald.Kind) {
		s := newSkaldlike()
		s.end = func(order client.NewOrder) (time.Duration, bool) {
			kinds = append(kinds, endOf(order))
			return time.Millisecond, true
		}
		measure(t, s, bench.Options{
			Rate: 200, Duration: 5 * time.Second, WarmUp: -1, Seed: seed, InFlight: 1,
			Mix: bench.Mix{Declined: 0.2, Unserved: 0.1},
		})
		return kinds
	}
	first := ends(7)
	rejected := 0
	for _, kind := range first {
		if kind == skald.KindOrderRejected {
			rejected++
		}
	}
	if share := float64(rejected) / float64(len(first)); share < 0.25 || share > 0.35 {
		t.Errorf("%.2f of %d orders were rejected, want about 0.3", share, len(first))
	}
	if diff := cmp.Diff(first, ends(7)); diff != "" {
		t.Errorf("a second run with the same seed (-first +second):\n%s", diff)
	}
	if cmp.Equal(first, ends(8)) {
		t.Error("another seed gave the same orders")
	}
}

func TestOptionsNameFieldValueAndBound(t *testing.T) {
	_, err := bench.Run(t.Context(), bench.Options{Rate: -1, Mix: bench.Mix{Declined: 0.6, Unserved: 0.6}, Run: "no spaces"})
	for _, want := range []string{
		"Rate is -1, must be 0 to 100000", "Mix.Declined + Mix.Unserved is 1.2, must be 0 to 1",
		"API and Events are required", `Run is "no spaces"`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want it to say %q", err, want)
		}
	}
}

func TestARunEndsWhenEventsCannotBeReadAnyMore(t *testing.T) {
	s := newSkaldlike()
	_, err := bench.Run(t.Context(), bench.Options{API: s, Events: noEvents{}, Run: "run", Duration: time.Minute})
	if !errors.Is(err, errNoEvents) {
		t.Errorf("error %v, want %v", err, errNoEvents)
	}
}

var errNoEvents = errors.New("no events here")

type noEvents struct{}

func (noEvents) Next(context.Context) (skald.Event, string, error) {
	return skald.Event{}, "", errNoEvents
}

func TestThePlotShowsBothCurves(t *testing.T) {
	report := measure(t, newSkaldlike(), bench.Options{Rate: 100, Duration: 2 * time.Second, WarmUp: -1})
	var drawn strings.Builder
	if err := report.Plot(&drawn, "a <title>"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a &lt;title&gt;", "acceptance", "order to final event", "p99.9", "10ms"} {
		if !strings.Contains(drawn.String(), want) {
			t.Errorf("the plot has no %q", want)
		}
	}
	if count := strings.Count(drawn.String(), "<polyline"); count != 2 {
		t.Errorf("%d curves, want 2", count)
	}
}
