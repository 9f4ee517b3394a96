package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/skald-saga/skald"
)

// Frontend is the Temporal behind its two services. Every field is required.
type Frontend struct {
	Workflows     workflowservice.WorkflowServiceClient
	Operator      operatorservice.OperatorServiceClient
	NamespaceName string
}

// Version implements Temporal.
func (f Frontend) Version(ctx context.Context) (string, error) {
	info, err := f.Workflows.GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		return "", fmt.Errorf("ask for its version: %w", err)
	}
	return info.GetServerVersion(), nil
}

// Namespace implements Temporal.
func (f Frontend) Namespace(ctx context.Context) (Namespace, error) {
	found := Namespace{Name: f.NamespaceName}
	described, err := f.Workflows.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: f.NamespaceName})
	if _, missing := errors.AsType[*serviceerror.NamespaceNotFound](err); missing {
		found.Missing = true
		return found, nil
	}
	if err != nil {
		return found, fmt.Errorf("describe namespace %s: %w", f.NamespaceName, err)
	}
	info := described.GetNamespaceInfo()
	found.State = strings.ToLower(info.GetState().String())
	found.Retention = described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	abilities := info.GetCapabilities()
	found.Told, found.EagerStart, found.Update = abilities != nil, abilities.GetEagerWorkflowStart(), abilities.GetSyncUpdate()
	found.BlobLimit = info.GetLimits().GetBlobSizeLimitError()
	return found, nil
}

// Attributes implements Temporal.
func (f Frontend) Attributes(ctx context.Context) (map[string]string, error) {
	listed, err := f.Operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: f.NamespaceName})
	if err != nil {
		return nil, fmt.Errorf("list search attributes of %s: %w", f.NamespaceName, err)
	}
	attributes := map[string]string{}
	for name, kind := range listed.GetCustomAttributes() {
		attributes[name] = kind.String()
	}
	return attributes, nil
}

// nobodys is no order's ID, which has no slash, so there never is such a saga.
const nobodys = "skald/doctor"

// TryWrite implements Temporal: it signals a workflow that there cannot be.
func (f Frontend) TryWrite(ctx context.Context) error {
	_, err := f.Workflows.SignalWorkflowExecution(ctx, &workflowservice.SignalWorkflowExecutionRequest{
		Namespace: f.NamespaceName, SignalName: "doctor",
		WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: nobodys},
	})
	if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown || err == nil {
		return nil
	}
	return fmt.Errorf("signal a workflow in %s: %w", f.NamespaceName, err)
}

// Pollers implements Temporal.
func (f Frontend) Pollers(ctx context.Context) (Pollers, error) {
	workflows, err := f.pollers(ctx, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return Pollers{}, err
	}
	activities, err := f.pollers(ctx, enumspb.TASK_QUEUE_TYPE_ACTIVITY)
	return Pollers{workflows, activities}, err
}

func (f Frontend) pollers(ctx context.Context, kind enumspb.TaskQueueType) (int, error) {
	described, err := f.Workflows.DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: f.NamespaceName, TaskQueueType: kind, TaskQueue: &taskqueuepb.TaskQueue{Name: skald.TaskQueue},
	})
	if err != nil {
		return 0, fmt.Errorf("describe task queue %s: %w", skald.TaskQueue, err)
	}
	return len(described.GetPollers()), nil
}

// Knows implements Temporal.
func (f Frontend) Knows(ctx context.Context, sagas []string) (int, error) {
	known := 0
	for _, id := range sagas {
		_, err := f.Workflows.DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
			Namespace: f.NamespaceName, Execution: &commonpb.WorkflowExecution{WorkflowId: id},
		})
		if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
			continue
		}
		if err != nil {
			return known, fmt.Errorf("look for saga %s: %w", id, err)
		}
		known++
	}
	return known, nil
}
