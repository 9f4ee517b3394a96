package workers_test

import (
	"context"
	"maps"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/grpc"

	"github.com/skald-saga/skald/activities"
	"github.com/skald-saga/skald/workers"
)

const keyword = enumspb.INDEXED_VALUE_TYPE_KEYWORD

// operator is the part of a Temporal server that keeps search attributes.
type operator struct {
	operatorservice.OperatorServiceClient
	have  map[string]enumspb.IndexedValueType
	onAdd func() error
	adds  []map[string]enumspb.IndexedValueType
}

func (o *operator) OperatorService() operatorservice.OperatorServiceClient { return o }

func (o *operator) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest, ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: o.have}, nil
}

func (o *operator) AddSearchAttributes(_ context.Context, in *operatorservice.AddSearchAttributesRequest, _ ...grpc.CallOption) (*operatorservice.AddSearchAttributesResponse, error) {
	if o.onAdd != nil {
		return nil, o.onAdd()
	}
	o.adds = append(o.adds, in.SearchAttributes)
	maps.Copy(o.have, in.SearchAttributes)
	return &operatorservice.AddSearchAttributesResponse{}, nil
}

func TestOnlyMissingSearchAttributesAreAddedAndOnlyOnce(t *testing.T) {
	t.Parallel()
	o := &operator{have: map[string]enumspb.IndexedValueType{"SkaldStatus": keyword, "Other": enumspb.INDEXED_VALUE_TYPE_INT}}
	for range 2 {
		if err := workers.EnsureSearchAttributes(t.Context(), o, "skald"); err != nil {
			t.Fatal(err)
		}
	}
	want := []map[string]enumspb.IndexedValueType{{"SkaldFailedStep": keyword, "SkaldCustomer": keyword}}
	if diff := cmp.Diff(want, o.adds); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
}

func TestASearchAttributeThatSomebodyElseAddedFirstIsFine(t *testing.T) {
	t.Parallel()
	o := &operator{onAdd: func() error { return serviceerror.NewAlreadyExists("already exists") }}
	if err := workers.EnsureSearchAttributes(t.Context(), o, "skald"); err != nil {
		t.Error(err)
	}
}

func TestASearchAttributeOfAnotherTypeIsNamed(t *testing.T) {
	t.Parallel()
	o := &operator{have: map[string]enumspb.IndexedValueType{"SkaldStatus": enumspb.INDEXED_VALUE_TYPE_INT}}
	err := workers.EnsureSearchAttributes(t.Context(), o, "skald")
	if want := "search attribute SkaldStatus of skald is a Int, want a Keyword"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDialingNobodyNamesTheAddress(t *testing.T) {
	t.Parallel()
	address := nobody(t)
	_, err := workers.Dial(t.Context(), workers.DialOptions{HostPort: address, Namespace: "skald", Logger: quiet()})
	if err == nil || !strings.HasPrefix(err.Error(), "connect to temporal at "+address+": ") {
		t.Errorf("got %v", err)
	}
	for want, o := range map[string]workers.DialOptions{
		"temporal: Namespace is empty: a name is required": {HostPort: address},
		"temporal: HostPort is empty: want host:port":      {Namespace: "skald"},
	} {
		if _, err := workers.Dial(t.Context(), o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// nobody is an address where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }() // closing is its use
	return listener.Addr().String()
}

type noActivities struct{}

func (noActivities) Register(activities.Registry) {}

func TestTheSagaWorkerWaitsForTemporalAndStopsWhenAsked(t *testing.T) {
	t.Parallel()
	lazy, err := client.NewLazyClient(client.Options{HostPort: nobody(t), Logger: sdklog.NewStructuredLogger(quiet())})
	if err != nil {
		t.Fatal(err)
	}
	defer lazy.Close()
	sagas, err := workers.NewSagas(workers.SagasOptions{Client: lazy, Activities: noActivities{}, Slots: slots(t, workers.SlotOptions{}), Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	stop := running(t, sagas)
	const never = "saga worker has not started"
	eventually(t, "the first start has failed", func() bool { return sagas.Ready() != nil && sagas.Ready().Error() != never })
	stop()
}

// deaf is a Temporal that answers nothing once a worker runs, as behind a
// network that swallows everything.
type deaf struct{ frontend }

func (*deaf) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{}, nil
}

func (*deaf) PollWorkflowTaskQueue(ctx context.Context, _ *workflowservice.PollWorkflowTaskQueueRequest) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (*deaf) PollActivityTaskQueue(ctx context.Context, _ *workflowservice.PollActivityTaskQueueRequest) (*workflowservice.PollActivityTaskQueueResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (*deaf) ShutdownWorker(ctx context.Context, _ *workflowservice.ShutdownWorkerRequest) (*workflowservice.ShutdownWorkerResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestASagaWorkerStopsInItsTimeWhateverTemporalDoes(t *testing.T) {
	t.Parallel()
	c, err := workers.Dial(t.Context(), workers.DialOptions{HostPort: serve(t, &deaf{}), Namespace: "skald", Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() // ends what is left behind
	sagas, err := workers.NewSagas(workers.SagasOptions{Client: c, Activities: noActivities{}, Slots: slots(t, workers.SlotOptions{}), Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	sagas.GiveUpAfter(10 * time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sagas.Run(ctx) }()
	eventually(t, "it works", func() bool { return sagas.Ready() == nil })
	cancel()
	const want = "saga worker has not stopped within 10ms"
	if err := <-ended; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestSagasOptionsThatCannotBeAreNamedWithTheirBound(t *testing.T) {
	t.Parallel()
	lazy, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer lazy.Close()
	good := workers.SagasOptions{Client: lazy, Activities: noActivities{}, Slots: slots(t, workers.SlotOptions{})}
	for want, change := range map[string]func(*workers.SagasOptions){
		"sagas: Client is required":                         func(o *workers.SagasOptions) { o.Client = nil },
		"sagas: Activities is required":                     func(o *workers.SagasOptions) { o.Activities = nil },
		"sagas: Slots is required":                          func(o *workers.SagasOptions) { o.Slots = nil },
		"sagas: WorkflowTasks -1: must not be negative":     func(o *workers.SagasOptions) { o.WorkflowTasks = -1 },
		"sagas: RegularActivities -1: must not be negative": func(o *workers.SagasOptions) { o.RegularActivities = -1 },
		"sagas: LocalActivities -1: must not be negative":   func(o *workers.SagasOptions) { o.LocalActivities = -1 },
		"sagas: CachedSagas -1: must not be negative":       func(o *workers.SagasOptions) { o.CachedSagas = -1 },
	} {
		o := good
		change(&o)
		if _, err := workers.NewSagas(o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
