package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"
)

// answers is the probe: the frontend says that it is healthy, the namespace is
// there (it is made when missing), and one question each finds its way through
// history and through matching to the database and back.
func (t *Temporal) answers(ctx context.Context) error {
	options, err := t.connection()
	if err != nil {
		return err
	}
	options.Logger = sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)) // failing is what probes do
	c, err := client.NewLazyClient(options)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return err
	}
	if err := t.ensureNamespace(ctx, c.WorkflowService()); err != nil {
		return fmt.Errorf("namespace %s: %w", t.namespace, err)
	}
	if err := findsNothing(ctx, c); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if _, err := c.DescribeTaskQueue(ctx, nobodys, enumspb.TASK_QUEUE_TYPE_WORKFLOW); err != nil {
		return fmt.Errorf("matching: %w", err)
	}
	return nil
}

// nobodys names a workflow that nobody starts, and a task queue that nobody
// polls.
const nobodys = "stack-probe"

func (t *Temporal) ensureNamespace(ctx context.Context, service workflowservice.WorkflowServiceClient) error {
	_, err := service.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: t.namespace, WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	if _, exists := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); exists {
		return nil
	}
	return err
}

// findsNothing asks for a workflow that nobody starts. That it is not found is
// the answer of history; a namespace that the frontend does not know yet is an
// error of another type.
func findsNothing(ctx context.Context, c client.Client) error {
	_, err := c.DescribeWorkflowExecution(ctx, nobodys, "")
	if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
		return nil
	}
	return err
}
