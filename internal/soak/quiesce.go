package soak

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/skald-saga/skald/internal/client"
)

// quiesce waits until nothing is on its way, and collects everything. That
// patience ran out is Trouble, and no error.
func (r *run) quiesce(ctx context.Context) error {
	r.o.Progress(Progress{Phase: "quiesce"})
	collector := &collector{api: r.patient, kafka: r.on.Kafka()}
	resting, cancel := context.WithTimeout(ctx, r.o.Patience)
	defer cancel()
	if err := r.rest(resting, collector); err != nil {
		r.bundle.trouble("it did not come to rest within "+r.o.Patience.String(), err)
	}
	r.bundle.Run.Quiesced = time.Since(r.record.began)
	r.o.Progress(Progress{Phase: "collect"})
	return r.collect(ctx, collector)
}

// rest returns when every order is final and every event on its topic. Final
// orders do not change, so they are read once.
func (r *run) rest(ctx context.Context, c *collector) error {
	wait := func(looking func() (string, error)) error {
		for {
			open, err := looking()
			if err == nil && open == "" {
				return nil
			}
			if !sleep(ctx, pollEvery) {
				return errors.Join(errors.New(open), err)
			}
		}
	}
	if err := wait(func() (string, error) { return c.open(ctx) }); err != nil {
		return err
	}
	orders, err := c.orders(ctx)
	if err != nil {
		return err
	}
	r.bundle.Orders = orders
	return wait(func() (string, error) { return c.unpublished(ctx, orders) })
}

// open names an order that is not final, if there is one.
func (c *collector) open(ctx context.Context) (string, error) {
	for _, status := range []string{"accepted", "processing", "compensating", "needs_attention"} {
		page, err := c.api.Orders(ctx, client.OrderFilter{Status: status, Limit: 1})
		if err != nil {
			return "", err
		}
		if len(page.Orders) > 0 {
			return fmt.Sprintf("order %s is %s", page.Orders[0].ID, status), nil
		}
	}
	return "", nil
}

// unpublished names an event that is in a timeline and on no topic, if there is
// one.
func (c *collector) unpublished(ctx context.Context, orders []OrderRecord) (string, error) {
	records, err := c.records(ctx)
	if err != nil {
		return "", err
	}
	published := identities(records)
	for _, order := range orders {
		for _, event := range order.Timeline {
			if !published[event.ID] {
				return fmt.Sprintf("%s of order %s is not on its topic", event.Kind, order.Order.ID), nil
			}
		}
	}
	return "", nil
}

func (r *run) collect(ctx context.Context, c *collector) (err error) {
	if r.bundle.Orders == nil { // it is not at rest, and is told as it is
		if r.bundle.Orders, err = c.orders(ctx); err != nil {
			return err
		}
	}
	if r.bundle.Stock, err = c.stock(ctx); err != nil {
		return err
	}
	if r.bundle.Records, err = c.records(ctx); err != nil {
		return err
	}
	auditing, cancel := context.WithTimeout(ctx, auditTimeout)
	defer cancel()
	text, err := r.on.Audit(auditing)
	if err != nil {
		return err
	}
	if !json.Valid(text) {
		return fmt.Errorf("skald audit printed no JSON: %s", strings.TrimSpace(string(text)))
	}
	r.bundle.Audit = text
	return nil
}
