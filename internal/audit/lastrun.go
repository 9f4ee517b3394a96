package audit

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
)

// run is what Temporal says about the newest run of a saga. After a reset by
// hand, that is the one that the reset began.
type run struct {
	known   bool
	running bool
	runID   string
	status  string
}

func (a *Auditor) lastRun(ctx context.Context, orderID string) (run, error) {
	ctx, cancel := a.ask(ctx)
	defer cancel()
	described, err := a.o.Sagas.DescribeWorkflowExecution(ctx, orderID, "")
	if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
		return run{}, nil
	}
	if err != nil {
		return run{}, fmt.Errorf("ask temporal about the saga of %s: %w", orderID, err)
	}
	info := described.GetWorkflowExecutionInfo()
	return run{
		known: true, running: isRunning(info.GetStatus()),
		runID: info.GetExecution().GetRunId(), status: statusNames[info.GetStatus()],
	}, nil
}

func isRunning(status enumspb.WorkflowExecutionStatus) bool {
	return status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING || status == enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED
}

// statusNames are for people.
var statusNames = map[enumspb.WorkflowExecutionStatus]string{
	enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:        "completed",
	enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:           "failed",
	enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:         "cancelled",
	enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:       "terminated",
	enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:        "timed out",
	enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW: "continued as new",
}

// whyClosed reads a closed run's last event: who ended it, and with what words.
func (a *Auditor) whyClosed(ctx context.Context, orderID, runID string) (string, error) {
	ctx, cancel := a.ask(ctx)
	defer cancel()
	history := a.o.Sagas.GetWorkflowHistory(ctx, orderID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
	if !history.HasNext() {
		return "its history has no end", nil
	}
	event, err := history.Next()
	if err != nil {
		return "its history could not be read", fmt.Errorf("read the history of the saga of %s: %w", orderID, err)
	}
	return ending(event), nil
}

func ending(event *historypb.HistoryEvent) string {
	switch event.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
		end := event.GetWorkflowExecutionTerminatedEventAttributes()
		return "it was terminated" + by(end.GetIdentity()) + saying(end.GetReason())
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
		failure := event.GetWorkflowExecutionFailedEventAttributes().GetFailure()
		return "it failed as " + failure.GetApplicationFailureInfo().GetType() + saying(failure.GetMessage())
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
		return "it ran into a time-out that somebody gave it"
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
		return "it closed as cancelled before the order was"
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
		return "it returned before the order was final, or the order was changed after it"
	default:
		return "it ended with " + event.GetEventType().String()
	}
}

func by(identity string) string {
	if identity == "" {
		return ""
	}
	return " by " + identity
}

func saying(words string) string {
	if words == "" {
		return ""
	}
	return ": " + words
}
