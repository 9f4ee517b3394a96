package audit_test

import (
	"context"
	"fmt"
	"slices"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/workflows"
)

var (
	_ audit.Sagas = (*temporal)(nil)
	_ audit.Sagas = client.Client(nil)
)

// temporal knows the newest run of each workflow and how it ended. The functions,
// when set, are asked first and may fail the call.
type temporal struct {
	onDescribe func(id string) error
	open       enumspb.WorkflowExecutionStatus // what a run that runs is called

	mu      sync.Mutex
	runs    map[string]*historypb.HistoryEvent // nil: it runs
	started []start
}

// start is how a workflow was started.
type start struct {
	options  client.StartWorkflowOptions
	workflow any
	input    workflows.OrderInput
}

func newTemporal() *temporal {
	return &temporal{open: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, runs: map[string]*historypb.HistoryEvent{}}
}

func (f *temporal) run(id string) { f.end(id, nil) }

func (f *temporal) end(id string, event *historypb.HistoryEvent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs[id] = event
}

func (f *temporal) starts() []start {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.started)
}

func (f *temporal) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if f.onDescribe != nil {
		if err := f.onDescribe(id); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	end, known := f.runs[id]
	if !known {
		return nil, serviceerror.NewNotFound("workflow not found")
	}
	status := f.open
	if end != nil {
		status = closed[end.GetEventType()]
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "run-of-" + id}, Status: status,
	}}, nil
}

var closed = map[enumspb.EventType]enumspb.WorkflowExecutionStatus{
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED,
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:     enumspb.WORKFLOW_EXECUTION_STATUS_FAILED,
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:  enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT,
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:   enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED,
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:  enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED,
}

func (f *temporal) GetWorkflowHistory(_ context.Context, id, _ string, _ bool, _ enumspb.HistoryEventFilterType) client.HistoryEventIterator {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &history{event: f.runs[id]}
}

func (f *temporal) ExecuteWorkflow(_ context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if end, known := f.runs[options.ID]; known && end == nil {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("it runs", "", "run-of-"+options.ID)
	}
	input, _ := args[0].(workflows.OrderInput)
	f.started = append(f.started, start{options, workflow, input})
	f.runs[options.ID] = nil
	return started{id: fmt.Sprintf("run-%d", len(f.started))}, nil
}

type started struct {
	client.WorkflowRun
	id string
}

func (s started) GetRunID() string { return s.id }

// history is a run's last event.
type history struct{ event *historypb.HistoryEvent }

func (h *history) HasNext() bool { return h.event != nil }

func (h *history) Next() (*historypb.HistoryEvent, error) {
	event := h.event
	h.event = nil
	return event, nil
}

func terminated(who, reason string) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionTerminatedEventAttributes{
			WorkflowExecutionTerminatedEventAttributes: &historypb.WorkflowExecutionTerminatedEventAttributes{Identity: who, Reason: reason},
		},
	}
}

func failed(kind, message string) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionFailedEventAttributes{
			WorkflowExecutionFailedEventAttributes: &historypb.WorkflowExecutionFailedEventAttributes{Failure: &failurepb.Failure{
				Message: message,
				FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
					ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: kind},
				},
			}},
		},
	}
}

func ended(kind enumspb.EventType) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventType: kind}
}
