package main

import (
	"fmt"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

// waitFlag is embedded in commands after which an order goes its way.
type waitFlag struct {
	Wait bool `help:"Wait for the order's end, 30 seconds at most. The exit code then says how it ended, as that of order watch."`
}

func (w waitFlag) waitTime() time.Duration {
	if w.Wait {
		return client.MaxWait
	}
	return 0
}

// sent prints an order that was placed or cancelled, and what to do next.
func (c *console) sent(order client.Order, wait waitFlag, output outputFlag) error {
	if output.json() {
		if err := c.document(order); err != nil {
			return err
		}
	} else {
		if err := c.order(order, nil); err != nil {
			return err
		}
		if !order.Final() {
			c.notef("Follow it: skald order watch %s\n", order.ID)
		}
	}
	if wait.Wait {
		return endWith(skald.Status(order.Status))
	}
	return nil
}

// ended is the result of a command that was asked how an order ends. It is an
// error only so that run can tell it from "done": nothing is left to say.
type ended struct{ code int }

// Error names the code.
func (e *ended) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// endCodes tell the ends of an order apart for scripts.
var endCodes = map[skald.Status]int{
	skald.StatusConfirmed: exitOK,
	skald.StatusRejected:  exitRejected,
	skald.StatusFailed:    exitFailed,
	skald.StatusCancelled: exitCancelled,
}

// endWith is the result for an order with this status.
func endWith(status skald.Status) error {
	code, final := endCodes[status]
	switch {
	case !final:
		return &ended{exitOpen}
	case code == exitOK:
		return nil
	}
	return &ended{code}
}

// endOf is the final status that an order's last event tells of.
func endOf(kind skald.Kind) (status skald.Status, final bool) {
	switch kind {
	case skald.KindOrderConfirmed:
		return skald.StatusConfirmed, true
	case skald.KindOrderRejected:
		return skald.StatusRejected, true
	case skald.KindOrderFailed:
		return skald.StatusFailed, true
	case skald.KindOrderCancelled:
		return skald.StatusCancelled, true
	default:
		return "", false
	}
}
