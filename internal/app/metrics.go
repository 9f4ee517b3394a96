package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"runtime"
	"strconv"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/metrics"
	"github.com/skald-saga/skald/workers"
)

// counts are the metrics that are counted as things happen. Each method is what
// one room calls; none waits for anything.
type counts struct {
	registry *metrics.Registry
	log      *slog.Logger

	requests, accepted, ended, compensations, events, attempts *metrics.Counter
	requestTook, attemptTook                                   *metrics.Histogram
}

// openMetrics comes first, because everything else is counted.
func (a *App) openMetrics(context.Context) error {
	registry, err := metrics.New(a.config.Logger)
	if err != nil {
		return err
	}
	c := &counts{registry: registry, log: a.config.Logger}
	for counter, m := range map[**metrics.Counter]metrics.Metric{
		&c.requests: metrics.HTTPRequests, &c.accepted: metrics.OrdersAccepted, &c.ended: metrics.OrdersEnded,
		&c.compensations: metrics.Compensations, &c.events: metrics.EventsRecorded, &c.attempts: metrics.StepAttempts,
	} {
		if *counter, err = registry.Counter(m); err != nil {
			return err
		}
	}
	for histogram, m := range map[**metrics.Histogram]metrics.Metric{&c.requestTook: metrics.HTTPDuration, &c.attemptTook: metrics.StepDuration} {
		if *histogram, err = registry.Histogram(m); err != nil {
			return err
		}
	}
	c.begin(a.config.has(RoleWorker))
	registry.Watch(func(tell metrics.Tell) { tell(metrics.BuildInfo, 1, a.config.Version, runtime.Version()) })
	a.counts = c
	return nil
}

// begin lets every series be there from the start, at 0: a rate is only seen to
// rise from something.
func (c *counts) begin(worker bool) {
	c.accepted.Add(0)
	for _, status := range skald.Statuses() {
		if status.Final() {
			c.ended.Add(0, string(status))
		}
	}
	for _, cause := range []skald.CauseKind{skald.CauseRefused, skald.CauseExhausted, skald.CauseCancelled} {
		c.compensations.Add(0, string(cause))
	}
	for _, kind := range append(skald.ForwardKinds(), skald.CompensationKinds()...) {
		c.events.Add(0, string(kind))
	}
	if !worker {
		return
	}
	for _, at := range sides {
		for _, end := range workers.Attempts() {
			c.attempts.Add(0, at.step, at.side, string(end))
		}
	}
}

// sides are the steps and their sides, by the names of their activities.
var sides = func() map[string]struct{ step, side string } {
	found := map[string]struct{ step, side string }{}
	for _, step := range skald.Steps() {
		found[string(step)] = struct{ step, side string }{string(step), "do"}
	}
	for _, undo := range skald.Undos() {
		found[string(undo)] = struct{ step, side string }{string(undo.Step()), "undo"}
	}
	return found
}()

// Request implements gateway.Observer.
func (c *counts) Request(method, route string, status int, took time.Duration) {
	c.requests.Add(1, route, method, strconv.Itoa(status))
	c.requestTook.Record(took, route, method)
}

// Attempted implements workers.Observer. What a saga asks of the store beside its
// steps is not counted.
func (c *counts) Attempted(activity string, end workers.Attempt, took time.Duration) {
	if at, ok := sides[activity]; ok {
		c.attempts.Add(1, at.step, at.side, string(end))
		c.attemptTook.Record(took, at.step, at.side)
	}
}

// recorded is a store.Watcher.
func (c *counts) recorded(events []skald.Event) {
	for _, event := range events {
		c.events.Add(1, string(event.Kind))
		switch event.Kind {
		case skald.KindOrderPlaced:
			c.accepted.Add(1)
		case skald.KindCompensationStarted:
			c.compensations.Add(1, c.causeIn(event))
		case skald.KindOrderConfirmed:
			c.ended.Add(1, string(skald.StatusConfirmed))
		case skald.KindOrderRejected:
			c.ended.Add(1, string(skald.StatusRejected))
		case skald.KindOrderFailed:
			c.ended.Add(1, string(skald.StatusFailed))
		case skald.KindOrderCancelled:
			c.ended.Add(1, string(skald.StatusCancelled))
		default: // counted as an event
		}
	}
}

func (c *counts) causeIn(event skald.Event) string {
	var started skald.CompensationStarted
	if err := json.Unmarshal(event.Data, &started); err != nil { // we wrote it a moment ago
		c.log.Error("an event of our own cannot be read", "event", event.ID, "error", err)
		return metrics.Other
	}
	return string(started.Cause.Kind)
}
