package workers

import (
	"context"
	"errors"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

// Orders is what intake needs of the store.
type Orders interface {
	// AdmitOrder makes sure that the order is stored and returns it as it is now.
	AdmitOrder(ctx context.Context, order skald.Order, complete bool, with skald.Submission) (skald.OrderState, error)
	RequestCancel(ctx context.Context, orderID, reason string, req skald.CancelRequest) (skald.OrderState, error)
}

// SagaStarter is what intake needs of Temporal; a client.Client is one.
type SagaStarter interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	SignalWorkflow(ctx context.Context, workflowID, runID, signalName string, arg any) error
}

// Intake reads the orders topic as a member of a consumer group. An order.placed
// becomes a stored order and a saga, an order.cancel_requested a recorded cancel
// and a signal. An offset is committed only when that, or a dead letter, is
// durable for everything before it. Messages of one key on one partition are
// handled in order; others at the same time, as many as there are slots.
type Intake struct {
	o       IntakeOptions
	state   *intakeState
	breaker *breaker
	parts   *assignments
	lanes   *lanes
	letters *kgo.Client
	member  *kgo.Client
	tracker *kafka.Tracker
	valve   *valve
	ignored sync.Once // faults that orders ask for: said once
}

// NewIntake errors when the options cannot be used.
func NewIntake(o IntakeOptions) (*Intake, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	return &Intake{o: o, state: newIntakeState(o.Logger), breaker: newBreaker(o.ProbeEvery)}, nil
}

// Ready is nil while messages are read and used. Otherwise it says what they
// wait for.
func (i *Intake) Ready() error {
	if i.breaker.open() {
		return errors.New("intake is paused: most messages fail for a reason that is not theirs")
	}
	return i.state.ready()
}

// State is what intake did and does now.
func (i *Intake) State() IntakeState {
	state := i.state.snapshot()
	state.Paused = i.breaker.open()
	return state
}

func (i *Intake) backoff() *backoff { return &backoff{wait: i.o.RetryMin, limit: i.o.RetryMax} }
