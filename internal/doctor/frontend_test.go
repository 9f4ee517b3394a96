package doctor_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/doctor"
)

// service answers what a frontend asks. A call that a test does not expect has
// no method behind it.
type service struct {
	workflowservice.WorkflowServiceClient
	operatorservice.OperatorServiceClient
	namespace *workflowservice.DescribeNamespaceResponse
	sagas     map[string]bool
	err       error // of the calls that may be refused
	signals   []string
}

func (s *service) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest, ...grpc.CallOption) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{ServerVersion: "1.32.1"}, nil
}

func (s *service) DescribeNamespace(_ context.Context, r *workflowservice.DescribeNamespaceRequest, _ ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error) {
	if s.namespace == nil {
		return nil, serviceerror.NewNamespaceNotFound(r.GetNamespace())
	}
	return s.namespace, s.err
}

func (s *service) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest, ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: map[string]enumspb.IndexedValueType{
		skald.SearchStatus: enumspb.INDEXED_VALUE_TYPE_KEYWORD, "Other": enumspb.INDEXED_VALUE_TYPE_TEXT,
	}}, s.err
}

func (s *service) SignalWorkflowExecution(_ context.Context, r *workflowservice.SignalWorkflowExecutionRequest, _ ...grpc.CallOption) (*workflowservice.SignalWorkflowExecutionResponse, error) {
	s.signals = append(s.signals, r.GetWorkflowExecution().GetWorkflowId())
	if s.err != nil {
		return nil, s.err
	}
	return nil, serviceerror.NewNotFound("workflow not found")
}

func (s *service) DescribeTaskQueue(_ context.Context, r *workflowservice.DescribeTaskQueueRequest, _ ...grpc.CallOption) (*workflowservice.DescribeTaskQueueResponse, error) {
	if r.GetTaskQueue().GetName() != skald.TaskQueue {
		return nil, serviceerror.NewInvalidArgument("another task queue")
	}
	pollers := make([]*taskqueuepb.PollerInfo, map[enumspb.TaskQueueType]int{enumspb.TASK_QUEUE_TYPE_WORKFLOW: 2, enumspb.TASK_QUEUE_TYPE_ACTIVITY: 3}[r.GetTaskQueueType()])
	return &workflowservice.DescribeTaskQueueResponse{Pollers: pollers}, s.err
}

func (s *service) DescribeWorkflowExecution(_ context.Context, r *workflowservice.DescribeWorkflowExecutionRequest, _ ...grpc.CallOption) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if s.err == nil && !s.sagas[r.GetExecution().GetWorkflowId()] {
		return nil, serviceerror.NewNotFound("workflow not found")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{}, s.err
}

func frontendOf(s *service) doctor.Frontend {
	return doctor.Frontend{Workflows: s, Operator: s, NamespaceName: "skald"}
}

func TestAFrontendTellsTheFactsOfItsNamespace(t *testing.T) {
	t.Parallel()
	s := &service{sagas: map[string]bool{"a": true}, namespace: &workflowservice.DescribeNamespaceResponse{
		NamespaceInfo: &namespacepb.NamespaceInfo{
			State:        enumspb.NAMESPACE_STATE_REGISTERED,
			Capabilities: &namespacepb.NamespaceInfo_Capabilities{EagerWorkflowStart: true, SyncUpdate: true},
			Limits:       &namespacepb.NamespaceInfo_Limits{BlobSizeLimitError: 2 << 20},
		},
		Config: &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(48 * time.Hour)},
	}}
	f, ctx := frontendOf(s), t.Context()
	namespace, err := f.Namespace(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := doctor.Namespace{Name: "skald", State: "registered", Retention: 48 * time.Hour, Told: true, EagerStart: true, Update: true, BlobLimit: 2 << 20}
	if diff := cmp.Diff(want, namespace); diff != "" {
		t.Errorf("namespace (-want +got):\n%s", diff)
	}
	attributes, err := f.Attributes(ctx)
	if diff := cmp.Diff(map[string]string{skald.SearchStatus: "Keyword", "Other": "Text"}, attributes); err != nil || diff != "" {
		t.Errorf("%v, attributes (-want +got):\n%s", err, diff)
	}
	if version, err := f.Version(ctx); err != nil || version != "1.32.1" {
		t.Errorf("version %q, %v", version, err)
	}
	if pollers, err := f.Pollers(ctx); err != nil || pollers != (doctor.Pollers{Workflows: 2, Activities: 3}) {
		t.Errorf("pollers %+v, %v", pollers, err)
	}
	if known, err := f.Knows(ctx, []string{"a", "b"}); err != nil || known != 1 {
		t.Errorf("%d sagas known, %v, want 1", known, err)
	}
}

func TestAMissingNamespaceIsAFactAndNoError(t *testing.T) {
	t.Parallel()
	namespace, err := frontendOf(&service{}).Namespace(t.Context())
	if err != nil || !namespace.Missing {
		t.Errorf("got %+v, %v", namespace, err)
	}
}

// An order's ID has no slash, so the workflow that is signalled is nobody's.
func TestRightsAreTriedOnAWorkflowThatThereCannotBe(t *testing.T) {
	t.Parallel()
	s := &service{}
	if err := frontendOf(s).TryWrite(t.Context()); err != nil {
		t.Errorf("not found is a yes: %v", err)
	}
	if len(s.signals) != 1 || skald.ValidID(s.signals[0]) {
		t.Errorf("signalled %q", s.signals)
	}
	s.err = serviceerror.NewPermissionDenied("Request unauthorized", "")
	if err := frontendOf(s).TryWrite(t.Context()); err == nil || err.Error() != "signal a workflow in skald: Request unauthorized" {
		t.Errorf("denied: %v", err)
	}
}

func TestWhatAFrontendRefusesIsAnError(t *testing.T) {
	t.Parallel()
	f := frontendOf(&service{namespace: &workflowservice.DescribeNamespaceResponse{}, err: serviceerror.NewUnavailable("away")})
	for what, ask := range map[string]func() error{
		"namespace":  func() error { _, err := f.Namespace(t.Context()); return err },
		"attributes": func() error { _, err := f.Attributes(t.Context()); return err },
		"pollers":    func() error { _, err := f.Pollers(t.Context()); return err },
		"sagas":      func() error { _, err := f.Knows(t.Context(), []string{"a"}); return err },
	} {
		if ask() == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
