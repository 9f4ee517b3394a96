package app_test

import (
	"context"
	"sync"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
)

// tries counts attempts. It stands outside of the faults, and sees what a saga
// sees.
type tries struct {
	interceptor.WorkerInterceptorBase
	mu       sync.Mutex
	open     map[string]int
	answered map[string]map[string]int // by order and activity: those that ended in their time
}

func newTries() *tries {
	return &tries{open: map[string]int{}, answered: map[string]map[string]int{}}
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (c *tries) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &countedActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, c}
}

type countedActivity struct {
	interceptor.ActivityInboundInterceptorBase
	tries *tries
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (a *countedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	a.tries.begin(info.WorkflowExecution.ID)
	defer func() { a.tries.end(ctx, info) }() // also when it panics
	return a.Next.ExecuteActivity(ctx, in)
}

func (c *tries) begin(order string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[order]++
}

func (c *tries) end(ctx context.Context, info activity.Info) {
	c.mu.Lock()
	defer c.mu.Unlock()
	order := info.WorkflowExecution.ID
	c.open[order]--
	if ctx.Err() != nil {
		return
	}
	if c.answered[order] == nil {
		c.answered[order] = map[string]int{}
	}
	c.answered[order][info.ActivityType.Name]++
}

func (c *tries) running(order string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open[order]
}

func (c *tries) of(order string) map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answered[order]
}
