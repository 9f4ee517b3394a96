package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/skald-saga/skald/internal/credential"
)

// DialOptions say how to reach Temporal. The zero value of a field means its
// default.
type DialOptions struct {
	HostPort     string // required
	Namespace    string // required
	Interceptors []interceptor.ClientInterceptor
	Metrics      client.MetricsHandler
	// TLS is the connection's. Its files are read again for each connection.
	// Default none.
	TLS credential.TLS
	// APIKey is sent, and read again, with each request. It needs TLS. Default
	// none.
	APIKey credential.Secret
	// Connection holds what else there is. Requests are not compressed whatever
	// it says: skald's are small, and gzip costs more than it saves.
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
	if !o.APIKey.IsZero() && !o.TLS.Enabled {
		return errors.New("temporal: APIKey is given without TLS: a key does not travel where anybody can read it")
	}
	if err := o.TLS.Validate(); err != nil {
		return fmt.Errorf("temporal: %w", err)
	}
	if _, err := o.APIKey.Reveal(); err != nil {
		return fmt.Errorf("temporal: APIKey: %w", err)
	}
	return nil
}

// ClientOptions are the SDK's, for a client that Dial does not make.
func (o DialOptions) ClientOptions() client.Options {
	connection := o.Connection
	connection.GrpcCompression = &client.GrpcCompressionNone{}
	if o.TLS.Enabled {
		connection.DialOptions = append(slices.Clip(connection.DialOptions), grpc.WithTransportCredentials(rotating{o.TLS}))
	}
	if o.TLS.ServerName != "" { // gRPC checks the certificate for the authority
		connection.DialOptions = append(slices.Clip(connection.DialOptions), grpc.WithAuthority(o.TLS.ServerName))
	}
	options := client.Options{
		HostPort:          o.HostPort,
		Namespace:         o.Namespace,
		Logger:            sdklog.NewStructuredLogger(orDefault(o.Logger, slog.Default())),
		Interceptors:      o.Interceptors,
		MetricsHandler:    o.Metrics,
		ConnectionOptions: connection,
	}
	if !o.APIKey.IsZero() {
		options.Credentials = client.NewAPIKeyDynamicCredentials(func(context.Context) (string, error) { return o.APIKey.Reveal() })
	}
	return options
}

// Dial connects to Temporal. It errors when the server does not answer before
// ctx ends, with a *credential.Refusal when it answers and would not have us.
// Intake and Sagas of one process must share the client: only then does a saga
// start eagerly, in the process that started it.
func Dial(ctx context.Context, o DialOptions) (client.Client, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	c, err := client.DialContext(ctx, o.ClientOptions())
	if err != nil {
		return nil, fmt.Errorf("connect to temporal at %s: %w", o.HostPort, o.Refusal(ctx, err))
	}
	return c, nil
}

// Refusal is err or, when it says that Temporal answered and would not have us,
// a *credential.Refusal.
func (o DialOptions) Refusal(ctx context.Context, err error) error {
	kind, refused := refusedBy(err)
	if code := serviceerror.ToStatus(err).Code(); !refused && (code == codes.Unavailable || code == codes.DeadlineExceeded) {
		kind, refused = o.probe(ctx)
	}
	if !refused {
		return err
	}
	return &credential.Refusal{Dependency: "Temporal", Address: o.HostPort, Kind: kind, Err: err}
}

// probe finds out what a frontend wanted that just ended the connection.
func (o DialOptions) probe(ctx context.Context) (credential.Kind, bool) {
	if o.TLS.Enabled {
		return o.TLS.Objection(ctx, o.HostPort)
	}
	return credential.KindWantsTLS, credential.SpeaksTLS(ctx, o.HostPort)
}

func refusedBy(err error) (credential.Kind, bool) {
	if code := serviceerror.ToStatus(err).Code(); code == codes.Unauthenticated || code == codes.PermissionDenied {
		return credential.KindWrong, true
	}
	return credential.KindOf(err)
}
