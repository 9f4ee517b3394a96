package soak

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/skald-saga/skald/internal/client"
)

// Mark says where a request stands.
type Mark string

// The marks. A request has an invoke, and at most one of the others.
const (
	MarkInvoke Mark = "invoke" // it is about to be sent
	MarkOK     Mark = "ok"     // it was carried out
	MarkFail   Mark = "fail"   // it was refused: nothing happened
	MarkInfo   Mark = "info"   // nobody knows whether it was carried out, and nobody may guess
)

// Entry is one line of the history.
type Entry struct {
	Action int                `json:"action"` // its number in the plan
	Op     Op                 `json:"op"`
	Mark   Mark               `json:"kind"`
	T      time.Duration      `json:"t_ns"`               // since the run began
	Order  string             `json:"order,omitempty"`    // the order's ID, once it is known
	Status int                `json:"status,omitempty"`   // HTTP
	Code   string             `json:"code,omitempty"`     // of a problem
	Error  string             `json:"error,omitempty"`    // for people
	Replay bool               `json:"replayed,omitempty"` // it had been accepted before
	Level  *client.StockLevel `json:"level,omitempty"`    // that was read
}

// recorder writes a history, each line as soon as it is known: the run itself
// may be killed.
type recorder struct {
	began time.Time

	mu  sync.Mutex
	out io.Writer
	err error
}

func (r *recorder) write(e Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.T = time.Since(r.began)
	line, err := json.Marshal(e)
	if err == nil {
		_, err = r.out.Write(append(line, '\n'))
	}
	r.err = errors.Join(r.err, err)
}

// failure is what kept a line from being written.
func (r *recorder) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// customers send the requests of a plan.
type customers struct {
	api    *client.Client // makes one attempt, so that the history has each
	plan   Plan
	record *recorder
}

// request carries an action out and records it. It returns the mark.
func (c *customers) request(ctx context.Context, number int, action Action) Mark {
	entry := Entry{Action: number, Op: action.Op, Mark: MarkInvoke}
	if action.Op == OpPlace || action.Op == OpCancel {
		entry.Order = c.plan.Orders[action.Order].Body.ID
	}
	c.record.write(entry)
	err := c.send(ctx, action, &entry)
	entry.conclude(err)
	c.record.write(entry)
	return entry.Mark
}

func (c *customers) send(ctx context.Context, action Action, entry *Entry) error {
	switch action.Op {
	case OpPlace:
		order := c.plan.Orders[action.Order]
		if order.Struck != nil {
			order.Body.Fault = order.Struck.Faults
		}
		placed, err := c.api.Place(ctx, order.Body, action.Key)
		if err == nil {
			entry.Order, entry.Replay = placed.Order.ID, placed.Replayed
		}
		return err
	case OpCancel:
		_, err := c.api.Cancel(ctx, c.plan.Orders[action.Order].Body.ID, client.CancelOptions{})
		return err
	case OpReceive:
		_, err := c.api.Receive(ctx, action.SKU, action.Quantity, action.Key)
		return err
	case OpStock:
		level, err := c.api.StockLevel(ctx, action.SKU)
		if err == nil {
			entry.Level = &level
		}
		return err
	}
	return errors.New("no such operation: " + string(action.Op))
}

// conclude marks what err means. Only an answer that says so, or a connection
// that never came about, is a refusal.
func (e *Entry) conclude(err error) {
	if err == nil {
		e.Mark = MarkOK
		return
	}
	e.Mark, e.Error = MarkInfo, err.Error()
	problem, answered := client.AsProblem(err)
	if answered {
		e.Status, e.Code = problem.Status, problem.Code
	}
	_, unknown := errors.AsType[*client.Unknown](err)
	_, unreachable := errors.AsType[*client.Unreachable](err)
	if !unknown && (answered || unreachable) {
		e.Mark = MarkFail
	}
}
