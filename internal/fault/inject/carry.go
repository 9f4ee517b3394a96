package inject

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/internal/fault"
)

// CarriedOf looks up the rules that an order brought along, as
// fault.Carried.String wrote them; empty when it brought none.
type CarriedOf func(ctx context.Context, orderID string) (string, error)

// Client gives every saga that starts the rules that its order brought along, in
// the workflow's header, whoever starts it. It errors, and the saga is not
// started, when they cannot be looked up: an order that was to fail must not
// pass by accident.
func Client(carried CarriedOf) interceptor.ClientInterceptor {
	return &carryingClient{carried: carried}
}

type carryingClient struct {
	interceptor.ClientInterceptorBase
	carried CarriedOf
}

// InterceptClient implements interceptor.ClientInterceptor.
func (c *carryingClient) InterceptClient(next interceptor.ClientOutboundInterceptor) interceptor.ClientOutboundInterceptor {
	return &carryingStart{interceptor.ClientOutboundInterceptorBase{Next: next}, c.carried}
}

type carryingStart struct {
	interceptor.ClientOutboundInterceptorBase
	carried CarriedOf
}

// ExecuteWorkflow implements interceptor.ClientOutboundInterceptor.
func (s *carryingStart) ExecuteWorkflow(ctx context.Context, in *interceptor.ClientExecuteWorkflowInput) (client.WorkflowRun, error) {
	text, err := s.carried(fault.Exempt(ctx), in.Options.ID)
	if err != nil {
		return nil, unavailable(fmt.Errorf("look up the faults of order %s: %w", in.Options.ID, err))
	}
	if text != "" {
		payload, err := converter.GetDefaultDataConverter().ToPayload(text)
		if err != nil {
			return nil, fmt.Errorf("encode the faults of order %s: %w", in.Options.ID, err)
		}
		interceptor.Header(ctx)[fault.KeyCarried] = payload
	}
	return s.Next.ExecuteWorkflow(ctx, in)
}

// carryingOutbound puts the workflow's rules into the header of each activity.
type carryingOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	payload *commonpb.Payload // nil when the order brought none
}

// ExecuteActivity implements interceptor.WorkflowOutboundInterceptor.
func (o *carryingOutbound) ExecuteActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	o.carry(ctx)
	return o.Next.ExecuteActivity(ctx, activityType, args...)
}

// ExecuteLocalActivity implements interceptor.WorkflowOutboundInterceptor.
func (o *carryingOutbound) ExecuteLocalActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	o.carry(ctx)
	return o.Next.ExecuteLocalActivity(ctx, activityType, args...)
}

func (o *carryingOutbound) carry(ctx workflow.Context) {
	if o.payload != nil {
		interceptor.WorkflowHeader(ctx)[fault.KeyCarried] = o.payload
	}
}

// carriedIn reads a header. What cannot be read fires nothing: it may be a newer
// version's, and an activity must not fail for that.
func carriedIn(header map[string]*commonpb.Payload) fault.Carried {
	payload, ok := header[fault.KeyCarried]
	if !ok {
		return fault.Carried{}
	}
	var text string
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &text); err != nil {
		return fault.Carried{}
	}
	carried, err := fault.ReadCarried(text)
	if err != nil {
		return fault.Carried{}
	}
	return carried
}
