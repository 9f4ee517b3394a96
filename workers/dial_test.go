package workers_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/stack/authority"
	"github.com/skald-saga/skald/workers"
)

// frontend is a Temporal that knows one API key, or none.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	operatorservice.UnimplementedOperatorServiceServer

	mu    sync.Mutex
	key   string
	shown []string
}

func (f *frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (f *frontend) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	return nil, status.Error(codes.PermissionDenied, "Request unauthorized.")
}

func (f *frontend) authorize(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	shown := strings.Join(metadata.ValueFromIncomingContext(ctx, "authorization"), ",")
	f.mu.Lock()
	f.shown = append(f.shown, shown)
	key := f.key
	f.mu.Unlock()
	if key != "" && shown != "Bearer "+key {
		return nil, status.Error(codes.Unauthenticated, "invalid API key")
	}
	return handle(ctx, request)
}

func (f *frontend) accept(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.key = key
}

func (f *frontend) serve(t *testing.T, config *tls.Config) (address string) {
	t.Helper()
	address, _ = f.serveAt(t, "127.0.0.1:0", config)
	return address
}

func (f *frontend) serveAt(t *testing.T, where string, config *tls.Config) (address string, stop func()) {
	t.Helper()
	options := []grpc.ServerOption{grpc.UnaryInterceptor(f.authorize)}
	if config != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	return serveGRPC(t, where, f, options...)
}

// serve is where service answers plainly.
func serve(t *testing.T, service temporalService) (address string) {
	t.Helper()
	address, _ = serveGRPC(t, "127.0.0.1:0", service)
	return address
}

type temporalService interface {
	workflowservice.WorkflowServiceServer
	operatorservice.OperatorServiceServer
}

func serveGRPC(t *testing.T, where string, service temporalService, options ...grpc.ServerOption) (address string, stop func()) {
	t.Helper()
	server := grpc.NewServer(options...)
	workflowservice.RegisterWorkflowServiceServer(server, service)
	operatorservice.RegisterOperatorServiceServer(server, service)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	go func() { _ = server.Serve(listener) }() // Stop ends it
	return listener.Addr().String(), server.Stop
}

func TestTemporalIsDialedByItsCertificateAndOurs(t *testing.T) {
	t.Parallel()
	ca := vouch(t)
	server := identity(t, "frontend", ca.Server)
	server.CA = ca.Certificate()
	address := new(frontend).serve(t, serverOf(t, server))
	own := identity(t, "skald", ca.Client)
	own.CA = ca.Certificate()
	wantDialed(t, workers.DialOptions{HostPort: address, TLS: own})
	wantTemporalRefused(t, workers.DialOptions{HostPort: address, TLS: credential.TLS{Enabled: true, CA: ca.Certificate()}}, credential.KindOurs)
}

func TestEachWrongCredentialForTemporalIsARefusalThatSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	ca, stranger := vouch(t), vouch(t)
	expired, err := ca.Expired("late")
	if err != nil {
		t.Fatal(err)
	}
	late, err := tls.LoadX509KeyPair(expired.Certificate, expired.Key)
	if err != nil {
		t.Fatal(err)
	}
	secure := new(frontend).serve(t, serverOf(t, identity(t, "frontend", ca.Server)))
	keyed := &frontend{key: "right"}
	trusting := credential.TLS{Enabled: true, CA: ca.Certificate()}
	elsewhere := trusting
	elsewhere.ServerName = "elsewhere.example"
	for name, test := range map[string]struct {
		options workers.DialOptions
		want    credential.Kind
	}{
		"unknown authority": {workers.DialOptions{HostPort: secure, TLS: credential.TLS{Enabled: true, CA: stranger.Certificate()}}, credential.KindUntrusted},
		"another name":      {workers.DialOptions{HostPort: secure, TLS: elsewhere}, credential.KindMisnamed},
		"expired":           {workers.DialOptions{HostPort: new(frontend).serve(t, &tls.Config{Certificates: []tls.Certificate{late}, MinVersion: tls.VersionTLS12}), TLS: trusting}, credential.KindExpired},
		"plain, wants TLS":  {workers.DialOptions{HostPort: secure}, credential.KindWantsTLS},
		"TLS, speaks none":  {workers.DialOptions{HostPort: new(frontend).serve(t, nil), TLS: trusting}, credential.KindNoTLS},
		"wrong key": {workers.DialOptions{
			HostPort: keyed.serve(t, serverOf(t, identity(t, "frontend", ca.Server))), TLS: trusting, APIKey: credential.NewSecret(canaryKey),
		}, credential.KindWrong},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantTemporalRefused(t, test.options, test.want)
		})
	}
}

const canaryKey = "canary-5e1b"

// Temporal's own authorizer lets everybody ask for the system's info, and looks
// at the key when a namespace is named.
func TestAKeyThatTheNamespaceRefusesIsARefusalToo(t *testing.T) {
	t.Parallel()
	o := workers.DialOptions{HostPort: new(frontend).serve(t, nil), Namespace: "skald", Logger: quiet()}
	c, err := workers.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = o.Refusal(t.Context(), workers.EnsureSearchAttributes(t.Context(), c, "skald"))
	if !errors.Is(err, credential.ErrRefused) || !strings.Contains(err.Error(), "Request unauthorized.") {
		t.Errorf("got %v", err)
	}
	if err := o.Refusal(t.Context(), nil); err != nil {
		t.Errorf("of no error: %v", err)
	}
}

func TestAnAPIKeyIsReadForEachRequest(t *testing.T) {
	t.Parallel()
	ca := vouch(t)
	temporal := &frontend{key: "first"}
	file := filepath.Join(t.TempDir(), "key")
	o := workers.DialOptions{
		HostPort: temporal.serve(t, serverOf(t, identity(t, "frontend", ca.Server))), Namespace: "skald", Logger: quiet(),
		TLS: credential.TLS{Enabled: true, CA: ca.Certificate()}, APIKey: credential.SecretFile(file),
	}
	put(t, file, "first\n")
	c, err := workers.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	temporal.accept("second")
	put(t, file, "second\n")
	if _, err := c.WorkflowService().GetSystemInfo(t.Context(), &workflowservice.GetSystemInfoRequest{}); err != nil {
		t.Errorf("with the second key: %v", err)
	}
	temporal.mu.Lock()
	defer temporal.mu.Unlock()
	if diff := cmp.Diff([]string{"Bearer first", "Bearer second"}, temporal.shown); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestAReplacedAuthorityIsTrustedByTheNextConnection(t *testing.T) {
	t.Parallel()
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	old, replaced := vouch(t), vouch(t)
	trust(t, old, trusted)
	address, stop := new(frontend).serveAt(t, "127.0.0.1:0", serverOf(t, identity(t, "frontend", old.Server)))
	c, err := workers.Dial(t.Context(), workers.DialOptions{
		HostPort: address, Namespace: "skald", Logger: quiet(), TLS: credential.TLS{Enabled: true, CA: trusted},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	stop()
	_, _ = new(frontend).serveAt(t, address, serverOf(t, identity(t, "frontend", replaced.Server)))
	ask := func() error {
		_, err := c.WorkflowService().GetSystemInfo(t.Context(), &workflowservice.GetSystemInfoRequest{})
		return err
	}
	eventually(t, "the new certificate is not trusted", func() bool { err := ask(); return err != nil && strings.Contains(err.Error(), "x509") })
	trust(t, replaced, trusted)
	eventually(t, "the new certificate is trusted", func() bool { return ask() == nil })
}

func trust(t *testing.T, ca *authority.Authority, file string) {
	t.Helper()
	text, err := os.ReadFile(ca.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	put(t, file, string(text))
}

func TestAnAPIKeyDoesNotTravelWithoutTLS(t *testing.T) {
	t.Parallel()
	o := workers.DialOptions{HostPort: "127.0.0.1:1", Namespace: "skald", APIKey: credential.NewSecret(canaryKey)}
	const want = "temporal: APIKey is given without TLS: a key does not travel where anybody can read it"
	if _, err := workers.Dial(t.Context(), o); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestATemporalThatIsAwayIsNoRefusal(t *testing.T) {
	t.Parallel()
	if _, err := workers.Dial(t.Context(), workers.DialOptions{HostPort: nobody(t), Namespace: "skald", Logger: quiet()}); errors.Is(err, credential.ErrRefused) {
		t.Errorf("got %v", err)
	}
}

func wantDialed(t *testing.T, o workers.DialOptions) {
	t.Helper()
	o.Namespace, o.Logger = "skald", quiet()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := workers.Dial(ctx, o)
	if err != nil {
		t.Error(err)
		return
	}
	c.Close()
}

func wantTemporalRefused(t *testing.T, o workers.DialOptions, want credential.Kind) {
	t.Helper()
	o.Namespace, o.Logger = "skald", quiet()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := workers.Dial(ctx, o)
	refusal, ok := errors.AsType[*credential.Refusal](err)
	if !ok || refusal.Kind != want || refusal.Address != o.HostPort {
		t.Errorf("got %v, want a refusal of kind %q", err, want)
	}
	if err != nil && strings.Contains(err.Error(), canaryKey) {
		t.Errorf("the key is in the error: %v", err)
	}
}

func vouch(t *testing.T) *authority.Authority {
	t.Helper()
	ca, err := authority.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func identity(t *testing.T, name string, issue func(string) (authority.Identity, error)) credential.TLS {
	t.Helper()
	issued, err := issue(name)
	if err != nil {
		t.Fatal(err)
	}
	return credential.TLS{Enabled: true, Certificate: issued.Certificate, Key: issued.Key}
}

func serverOf(t *testing.T, by credential.TLS) *tls.Config {
	t.Helper()
	config, err := by.Server()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func put(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
