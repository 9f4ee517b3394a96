package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
)

// Store is what the auditor asks of the store. It changes nothing there but the
// mark of an event that it has published.
type Store interface {
	Order(ctx context.Context, id string) (skald.OrderState, error)
	Orders(ctx context.Context, q skald.OrderQuery) ([]skald.OrderState, error)
	// AuditOrders shows a page of orders by ID, each as one moment saw it.
	AuditOrders(ctx context.Context, afterID string, limit int, see func(
		order skald.OrderState, effects []skald.Effect, events []skald.Event, intents []skald.Intent,
		held []skald.Quantity, incidents []skald.Incident) error) error
	AuditOrder(ctx context.Context, orderID string, see func(
		order skald.OrderState, effects []skald.Effect, events []skald.Event, intents []skald.Intent,
		held []skald.Quantity, incidents []skald.Incident) error) error
	// AuditStock reads levels as they are kept, and as movements and reservations
	// add up.
	AuditStock(ctx context.Context, afterSKU string, limit int) (levels, moved, held []skald.StockLevel, err error)
	// AuditEvents finds events by ID, AuditPublished those up to a publication.
	AuditEvents(ctx context.Context, ids []string) ([]skald.OutboxRow, error)
	AuditPublished(ctx context.Context, afterPosition, upTo int64, limit int) ([]skald.OutboxRow, error)
	LastPublication(ctx context.Context) (int64, error)
	Unpublished(ctx context.Context, afterPosition int64, limit int) ([]skald.OutboxRow, error)
	MarkPublished(ctx context.Context, positions []int64) error
}

// Sagas is what the auditor asks of Temporal; a client.Client is one.
type Sagas interface {
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	GetWorkflowHistory(ctx context.Context, workflowID, runID string, isLongPoll bool, filter enumspb.HistoryEventFilterType) client.HistoryEventIterator
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
}

// Auditor compares, and mends. It is safe for concurrent use.
type Auditor struct{ o Options }

// New errors when the options cannot be used.
func New(o Options) (*Auditor, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &Auditor{o: o.withDefaults()}, nil
}

// Audit compares what q asks for, and changes nothing. When somebody does not
// answer, the other parts are made all the same: the report says which part is
// not whole, and the error why. A *skald.Invalid means that q cannot be used,
// skald.ErrNotFound that its order does not exist.
func (a *Auditor) Audit(ctx context.Context, q Query) (Report, error) {
	if err := q.Validate(); err != nil {
		return Report{}, err
	}
	if q.OrderID != "" {
		if _, err := a.o.Store.Order(ctx, q.OrderID); err != nil {
			return Report{}, fmt.Errorf("audit: %w", err)
		}
	}
	n := newNotebook(q.withDefaults())
	var failures []error
	for _, part := range Parts() {
		if !n.query.has(part) {
			continue
		}
		if err := a.look(ctx, part, n); err != nil {
			n.unanswered(part)
			failures = append(failures, fmt.Errorf("audit %s: %w", part, err))
		}
	}
	return n.close(), errors.Join(failures...)
}

func (a *Auditor) look(ctx context.Context, part Part, n *notebook) error {
	switch part {
	case PartSagas:
		return a.sagas(ctx, n)
	case PartOrders:
		return a.orders(ctx, n)
	case PartProviders:
		return a.providers(ctx, n)
	case PartStock:
		return a.stock(ctx, n)
	case PartOutbox:
		return a.outbox(ctx, n)
	case PartTopics:
		return a.topics(ctx, n)
	}
	return nil
}

// rests reports whether what happened at that time has rested long enough to be
// judged.
func (a *Auditor) rests(since time.Time) bool { return time.Since(since) >= a.o.Grace }

// ask bounds one question to somebody outside.
func (a *Auditor) ask(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, a.o.CallTimeout)
}
