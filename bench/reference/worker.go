package reference

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"os"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/activities"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/provider/sandbox"
	"github.com/skald-saga/skald/internal/store"
)

const (
	// skus is among how many SKUs orders are spread, as in skald bench.
	skus = 64
	// stockEach is more than any measurement sells.
	stockEach = 1_000_000
)

// WorkerOptions say where the worker works. Every field is required.
type WorkerOptions struct {
	Temporal  string // the frontend's host:port
	Namespace string
	Database  string // of the store, "sqlite:/file.db" or "postgres://…"; empty, its schema is made
	Ledger    string // of the sandbox providers; may be Database on Postgres
}

// Worker runs both workflows and their activities. Close it when done.
type Worker struct {
	client    client.Client
	worker    worker.Worker
	store     *store.Store
	databases []*database.DB
}

// StartWorker returns when the worker works. Client and worker are the SDK's
// defaults.
func StartWorker(ctx context.Context, o WorkerOptions) (_ *Worker, err error) {
	w := &Worker{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	own, err := w.open(ctx, o)
	if err != nil {
		return nil, err
	}
	if w.client, err = Dial(ctx, o.Temporal, o.Namespace); err != nil {
		return nil, err
	}
	running := worker.New(w.client, TaskQueue, worker.Options{})
	running.RegisterWorkflowWithOptions(Saga, workflow.RegisterOptions{Name: WorkflowSaga})
	running.RegisterWorkflowWithOptions(Empty, workflow.RegisterOptions{Name: WorkflowEmpty})
	for step, fn := range map[skald.Step]any{
		skald.StepReserveStock: w.placing(own.ReserveStock), skald.StepChargePayment: own.ChargePayment,
		skald.StepScheduleShipping: own.ScheduleShipping, skald.StepConfirmOrder: own.ConfirmOrder,
	} {
		running.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: string(step)})
	}
	if err := running.Start(); err != nil {
		return nil, fmt.Errorf("start the reference's worker: %w", err)
	}
	w.worker = running
	return w, nil
}

// Dial connects with the SDK's defaults.
func Dial(ctx context.Context, hostPort, namespace string) (client.Client, error) {
	return client.DialContext(ctx, client.Options{
		HostPort: hostPort, Namespace: namespace, Logger: sdklog.NewStructuredLogger(quiet()),
	})
}

// Close stops the worker and closes what it used.
func (w *Worker) Close() error {
	if w.worker != nil {
		w.worker.Stop()
	}
	if w.client != nil {
		w.client.Close()
	}
	var failures []error
	if w.store != nil {
		failures = append(failures, w.store.Close())
	}
	for _, db := range w.databases {
		failures = append(failures, db.Close())
	}
	return errors.Join(failures...)
}

// open makes skald's activities on a store with stock, and on its sandbox.
func (w *Worker) open(ctx context.Context, o WorkerOptions) (*activities.Activities, error) {
	for _, url := range []string{o.Database, o.Ledger} {
		db, err := database.Open(ctx, database.Options{URL: url})
		if err != nil {
			return nil, err
		}
		w.databases = append(w.databases, db)
	}
	var err error
	if w.store, err = store.Open(ctx, w.databases[0]); err != nil {
		return nil, err
	}
	providers, err := sandbox.Open(ctx, w.databases[1])
	if err != nil {
		return nil, err
	}
	for n := range skus {
		sku := skuOf(n)
		if _, _, err := w.store.ReceiveStock(ctx, skald.Receipt{ID: sku, SKU: sku, Quantity: stockEach}); err != nil {
			return nil, fmt.Errorf("receive stock: %w", err)
		}
	}
	return activities.New(activities.Options{Store: w.store, Payment: providers.Payment(), Carrier: providers.Carrier()})
}

type step func(context.Context, skald.StepCall) (skald.Effect, error)

// placing records the order before its first step, as skald's gateway does
// before the saga: the same rows in the end, in one activity less.
func (w *Worker) placing(reserve step) step {
	return func(ctx context.Context, call skald.StepCall) (skald.Effect, error) {
		if _, _, err := w.store.PlaceOrder(ctx, orderOf(call.OrderID), skald.Submission{}); err != nil {
			return skald.Effect{}, err
		}
		return reserve(ctx, call)
	}
}

// orderOf is the order that skald bench would place under this ID.
func orderOf(id string) skald.Order {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(id)) // it never fails
	return skald.Order{
		ID: id, CustomerID: "bench", Currency: "EUR", PaymentToken: "tok_visa",
		Items:  []skald.Item{{SKU: skuOf(int(hash.Sum32() % skus)), Quantity: 1, UnitPrice: 1250}},
		ShipTo: skald.Address{Name: "Bench", Line1: "Street 1", City: "Reykjavik", PostalCode: "101", Country: "IS"},
	}
}

func skuOf(n int) string { return fmt.Sprintf("reference-sku-%d", n) }

// quiet logs what is wrong and nothing else, as skald dev does.
func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
