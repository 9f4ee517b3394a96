package app_test

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/provider"
)

// Spots besides those of activities.
const (
	spotRelay = "relay" // before it produces the order's first message
	spotSaga  = "saga"  // before the saga's code begins
)

func (l *callLog) seams() app.Seams {
	inner := l.faults.seams()
	return app.Seams{
		Workers: append([]interceptor.WorkerInterceptor{l}, inner.Workers...),
		Payment: func(p provider.Payment) provider.Payment { return heardPayment{inner.Payment(p), l} },
		Carrier: func(c provider.Carrier) provider.Carrier { return heardCarrier{inner.Carrier(c), l} },
		Kafka:   []kgo.Opt{kgo.WithHooks(l)},
	}
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (l *callLog) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &heardActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, l}
}

type heardActivity struct {
	interceptor.ActivityInboundInterceptorBase
	log *callLog
}

type madeKey struct{}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (a *heardActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	m, first := a.log.begin(spot{order: info.WorkflowExecution.ID, activity: info.ActivityType.Name})
	if !first {
		return a.log.claim(ctx, m)
	}
	result, err := a.Next.ExecuteActivity(context.WithValue(context.WithoutCancel(ctx), madeKey{}, m), in)
	a.log.end(ctx, m, result, err)
	return result, err
}

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (l *callLog) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &heldSaga{interceptor.WorkflowInboundInterceptorBase{Next: next}, l.faults}
}

type heldSaga struct {
	interceptor.WorkflowInboundInterceptorBase
	faults *faults
}

// ExecuteWorkflow implements interceptor.WorkflowInboundInterceptor.
func (s *heldSaga) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	if err := s.faults.meet(spot{workflow.GetInfo(ctx).WorkflowExecution.ID, spotSaga, before}, false); err != nil {
		return nil, err
	}
	return s.Next.ExecuteWorkflow(ctx, in)
}

// OnProduceRecordBuffered implements kgo.HookProduceRecordBuffered: skald's
// relay is the only one that writes orders. A rule there may hold, not fail.
func (l *callLog) OnProduceRecordBuffered(r *kgo.Record) {
	if r.Topic == skald.TopicOrders {
		_ = l.faults.meet(spot{string(r.Key), spotRelay, before}, false)
	}
}

// ask notes a call to a provider, and for the undos' last calls what faults have
// to say about it. The auditor asks too; it is not written down.
func (l *callLog) ask(ctx context.Context, call string, last bool) error {
	m, ok := ctx.Value(madeKey{}).(*made)
	if !ok {
		return nil
	}
	l.mu.Lock()
	m.asked = append(m.asked, call)
	l.mu.Unlock()
	if !last {
		return nil
	}
	return l.faults.meet(spot{m.at.order, m.at.activity, during}, false)
}
