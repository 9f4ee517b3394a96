package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"

	"github.com/skald-saga/skald"
)

// DialOptions say how to reach Temporal. The zero value of a field means its
// default.
type DialOptions struct {
	HostPort     string // required
	Namespace    string // required
	Interceptors []interceptor.ClientInterceptor
	Metrics      client.MetricsHandler
	// Connection holds TLS and the like. Requests are not compressed whatever it
	// says: skald's are small, and gzip costs more than it saves.
	Connection client.ConnectionOptions
	// Logger is slog.Default() by default.
	Logger *slog.Logger
}

// Validate names the first field that cannot be used.
func (o DialOptions) Validate() error {
	if o.HostPort == "" {
		return errors.New("temporal: HostPort is empty: want host:port")
	}
	if o.Namespace == "" {
		return errors.New("temporal: Namespace is empty: a name is required")
	}
	return nil
}

// Dial connects to Temporal. It errors when the server does not answer before
// ctx ends. Intake and Sagas of one process must share the client: only then
// does a saga start eagerly, in the process that started it.
func Dial(ctx context.Context, o DialOptions) (client.Client, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	connection := o.Connection
	connection.GrpcCompression = &client.GrpcCompressionNone{}
	c, err := client.DialContext(ctx, client.Options{
		HostPort:          o.HostPort,
		Namespace:         o.Namespace,
		Logger:            sdklog.NewStructuredLogger(orDefault(o.Logger, slog.Default())),
		Interceptors:      o.Interceptors,
		MetricsHandler:    o.Metrics,
		ConnectionOptions: connection,
	})
	if err != nil {
		return nil, fmt.Errorf("connect to temporal at %s: %w", o.HostPort, err)
	}
	return c, nil
}

// Operator is what EnsureSearchAttributes needs of Temporal; a client.Client is
// one.
type Operator interface {
	OperatorService() operatorservice.OperatorServiceClient
}

// EnsureSearchAttributes makes sure that namespace knows the attributes that
// sagas set. It is safe to run on every start and from several processes at
// once. It errors when one exists with another type. Frontends learn of new
// attributes with a delay of seconds; starts that come too early wait for it.
func EnsureSearchAttributes(ctx context.Context, o Operator, namespace string) error {
	service := o.OperatorService()
	listed, err := service.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("list search attributes of %s: %w", namespace, err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for _, name := range skald.SearchAttributes() {
		switch kind, exists := listed.GetCustomAttributes()[name]; {
		case !exists:
			missing[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
		case kind != enumspb.INDEXED_VALUE_TYPE_KEYWORD:
			return fmt.Errorf("search attribute %s of %s is a %s, want a Keyword", name, namespace, kind)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = service.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	if err != nil && !isA[*serviceerror.AlreadyExists](err) {
		return fmt.Errorf("add search attributes to %s: %w", namespace, err)
	}
	return nil
}
