package stack

import (
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald/internal/stack/authority"
)

// temporalSecurity fills the secured parts of config/temporal.yaml.
type temporalSecurity struct {
	Certificate, Key string // of the server: towards clients, Postgres and itself
	CA               string
	Name             string          // what the certificates of servers are good for
	Tokens           *temporalTokens // nil when clients show certificates
}

type temporalTokens struct{ Keys, Audience string }

func newTemporalSecurity(s *security, tokens bool) *temporalSecurity {
	if s == nil {
		return nil
	}
	secure := &temporalSecurity{Certificate: s.temporal.Certificate, Key: s.temporal.Key, CA: s.CA, Name: "localhost"}
	if tokens {
		secure.Tokens = &temporalTokens{Keys: "file://" + s.keys, Audience: TemporalAudience}
	}
	return secure
}

// internalFrontend is the service through which the server's own workers come:
// they have no token.
const internalFrontend = "internal-frontend"

func startWithInternalFrontend(config string) []string {
	args := []string{"--config-file", config, "start"}
	for _, service := range []string{"frontend", internalFrontend, "history", "matching", "worker"} {
		args = append(args, "--service", service)
	}
	return args
}

// connection is how the stack itself talks to Temporal.
func (t *Temporal) connection() (o client.Options, err error) {
	o = client.Options{HostPort: t.address, Namespace: t.namespace}
	if t.security == nil {
		return o, nil
	}
	var shows authority.Identity
	if t.values.Secure.Tokens == nil {
		shows = t.security.administrator
	} else if o.Credentials, err = t.administrator(); err != nil {
		return o, err
	}
	o.ConnectionOptions.TLS, err = t.security.Authority.TLS(shows)
	return o, err
}

// administrator may do everything in every namespace.
func (t *Temporal) administrator() (client.Credentials, error) {
	token, err := t.security.Authority.Token(authority.Token{
		Subject: administrator, Audience: TemporalAudience, Lifetime: tokenLifetime, Permissions: []string{"temporal-system:admin"},
	})
	return client.NewAPIKeyStaticCredentials(token), err
}

func (t *Temporal) postgresUser() string {
	if t.security == nil {
		return User
	}
	return temporalUser
}

// toolSecurity is how the SQL tool talks to Postgres.
func (t *Temporal) toolSecurity() []string {
	if t.security == nil {
		return nil
	}
	own := t.security.temporal
	return []string{"--tls", "--tls-ca-file", t.security.CA, "--tls-cert-file", own.Certificate, "--tls-key-file", own.Key}
}
