package stack_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/skald-saga/skald/internal/stack"
	"github.com/skald-saga/skald/internal/stack/authority"
)

// secured is a secured stack, beside an authority that it does not know.
type secured struct {
	*stack.Stack
	foreign *authority.Authority
}

func startSecured(t *testing.T, o stack.Options) secured {
	t.Helper()
	o.Secure, o.Tools, o.Dir = true, install(t), folder(t)
	s, err := stack.Start(t.Context(), o)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	foreign, err := authority.Open(t.TempDir())
	must(t, err)
	return secured{s, foreign}
}

func (s secured) read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	return strings.TrimSpace(string(text))
}

// trusting is a client's TLS without a certificate.
func (s secured) trusting(t *testing.T) *tls.Config { return s.showing(t, authority.Identity{}) }

func (s secured) showing(t *testing.T, shows authority.Identity) *tls.Config {
	t.Helper()
	config, err := s.Security.Authority.TLS(shows)
	must(t, err)
	return config
}

// good, expired and foreign are certificates of one name.
func (s secured) good(t *testing.T, name string) authority.Identity {
	t.Helper()
	return issued(t, s.Security.Authority.Client, name)
}

func (s secured) expired(t *testing.T, name string) authority.Identity {
	t.Helper()
	return issued(t, s.Security.Authority.Expired, name)
}

func (s secured) foreigner(t *testing.T, name string) authority.Identity {
	t.Helper()
	return issued(t, s.foreign.Client, name)
}

func issued(t *testing.T, issue func(string) (authority.Identity, error), name string) authority.Identity {
	t.Helper()
	identity, err := issue(name)
	must(t, err)
	return identity
}

func (s secured) token(t *testing.T, a *authority.Authority, claims authority.Token) string {
	t.Helper()
	token, err := a.Token(claims)
	must(t, err)
	return token
}

// asUser is a client of Kafka that knows a password.
func (s secured) asUser(t *testing.T, name, password string) []kgo.Opt {
	t.Helper()
	return []kgo.Opt{
		kgo.SeedBrokers(s.Kafka.Address()), kgo.DialTLSConfig(s.trusting(t)),
		kgo.SASL(scram.Auth{User: name, Pass: password}.AsSha512Mechanism()),
	}
}

// ping asks Kafka what a client needs no grant for.
func ping(ctx context.Context, options ...kgo.Opt) error {
	c, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Ping(ctx)
}

// askTemporal asks for something in skald's namespace.
func (s secured) askTemporal(ctx context.Context, config *tls.Config, shows client.Credentials) error {
	c, err := client.DialContext(ctx, client.Options{
		HostPort: s.Temporal.Address(), Namespace: s.Temporal.Namespace(),
		ConnectionOptions: client.ConnectionOptions{TLS: config}, Credentials: shows,
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{})
	return err
}

// shakeHands is what a server says to a client's certificate. The SDK cannot
// always tell: with TLS 1.3 it may write before the answer arrives, and then
// finds the connection closed.
func shakeHands(ctx context.Context, address string, config *tls.Config) error {
	config = config.Clone()
	config.NextProtos = []string{"h2"}
	connection, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	_, err = connection.Read(make([]byte, 1)) // an alert, or the first of HTTP/2's settings
	return errors.Join(err, connection.Close())
}

// postgresURL is skald's database with other settings.
func (s secured) postgresURL(t *testing.T, user *url.Userinfo, database string, settings map[string]string) string {
	t.Helper()
	parsed, err := url.Parse(s.Postgres.URL())
	must(t, err)
	parsed.User, parsed.Path = user, "/"+database
	query := parsed.Query()
	for name, value := range settings {
		query.Set(name, value)
	}
	parsed.RawQuery = query.Encode()
	return parsed.String()
}

func enterPostgres(ctx context.Context, url string) (who string, err error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return "", err
	}
	err = db.QueryRowContext(ctx, "SELECT current_user").Scan(&who)
	return who, errors.Join(err, db.Close())
}
