package stack_test

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/skald-saga/skald/internal/stack"
	"github.com/skald-saga/skald/internal/stack/authority"
)

// One long test, because starting everything costs more than using it. Clients
// are the plain libraries: what a server says is what any program gets to hear.
func TestASecuredStackTakesEveryGoodCredentialAndRefusesEveryOther(t *testing.T) {
	s := startSecured(t, stack.Options{})
	t.Run("Kafka by password and token", s.kafkaBySASL)
	t.Run("Kafka by certificate", s.kafkaByCertificate)
	t.Run("Temporal", s.temporal)
	t.Run("Postgres", s.postgres)
	t.Run("grants", s.grants)
	t.Run("without a grant", s.withoutAGrant)
	t.Run("a restart", s.restart)
	t.Run("logs", s.logs)
}

// expect compares what a server said with a part of what it should; empty is no
// error.
func expect(t *testing.T, name string, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: got %v, want %q", name, err, want)
	}
}

func (s secured) kafkaBySASL(t *testing.T) {
	password, token := s.read(t, s.Security.KafkaPassword), s.read(t, s.Security.KafkaToken)
	good, own := scram.Auth{User: stack.User, Pass: password}, s.Security.Authority
	claims := authority.Token{Subject: stack.User, Audience: stack.KafkaAudience, Lifetime: time.Hour}
	elsewhere, ended := claims, claims
	elsewhere.Audience, ended.Lifetime = "temporal", -time.Hour
	const refused = "SASL_AUTHENTICATION_FAILED"
	// Kafka says in the exchange itself that a token is invalid, as RFC 7628
	// wants; the library expects nothing there.
	const invalid = "unexpected data in oauth response"
	for _, test := range []struct {
		name      string
		mechanism sasl.Mechanism
		want      string
	}{
		{"SCRAM-SHA-256", good.AsSha256Mechanism(), ""},
		{"SCRAM-SHA-512", good.AsSha512Mechanism(), ""},
		{"PLAIN", plain.Auth{User: stack.User, Pass: password}.AsMechanism(), ""},
		{"OAUTHBEARER", oauth.Auth{Token: token}.AsMechanism(), ""},
		{"SCRAM-SHA-256, wrong password", scram.Auth{User: stack.User, Pass: "wrong"}.AsSha256Mechanism(), refused},
		{"SCRAM-SHA-512, wrong password", scram.Auth{User: stack.User, Pass: "wrong"}.AsSha512Mechanism(), refused},
		{"SCRAM, unknown user", scram.Auth{User: "nobody", Pass: password}.AsSha512Mechanism(), refused},
		{"PLAIN, wrong password", plain.Auth{User: stack.User, Pass: "wrong"}.AsMechanism(), refused},
		{"PLAIN, unknown user", plain.Auth{User: "nobody", Pass: password}.AsMechanism(), refused},
		{"token that has ended", oauth.Auth{Token: s.token(t, own, ended)}.AsMechanism(), invalid},
		{"token for another server", oauth.Auth{Token: s.token(t, own, elsewhere)}.AsMechanism(), invalid},
		{"token of another issuer", oauth.Auth{Token: s.token(t, s.foreign, claims)}.AsMechanism(), invalid},
		{"token without signature", oauth.Auth{Token: unsigned(token)}.AsMechanism(), invalid},
		{"no token", oauth.Auth{Token: "no-token"}.AsMechanism(), invalid},
	} {
		expect(t, test.name, ping(t.Context(), kgo.SeedBrokers(s.Kafka.Address()), kgo.DialTLSConfig(s.trusting(t)), kgo.SASL(test.mechanism)), test.want)
	}
	foreign, err := s.foreign.TLS(authority.Identity{})
	must(t, err)
	for name, test := range map[string]struct {
		tls  []kgo.Opt
		want string
	}{
		"no TLS":                         {nil, "is this a plaintext connection speaking to a tls endpoint?"},
		"an authority nobody signs with": {[]kgo.Opt{kgo.DialTLSConfig(foreign)}, "certificate signed by unknown authority"},
	} {
		options := append(test.tls, kgo.SeedBrokers(s.Kafka.Address()), kgo.SASL(good.AsSha512Mechanism()))
		expect(t, name, ping(t.Context(), options...), test.want)
	}
	expect(t, "no SASL", ping(t.Context(), kgo.SeedBrokers(s.Kafka.Address()), kgo.DialTLSConfig(s.trusting(t))), "is SASL missing?")
}

// unsigned is a token that says that it needs no signature.
func unsigned(token string) string {
	const none = "eyJhbGciOiJub25lIn0" // {"alg":"none"}
	return none + "." + strings.Split(token, ".")[1] + "."
}

func (s secured) kafkaByCertificate(t *testing.T) {
	for _, test := range []struct {
		name  string
		shows authority.Identity
		want  string
	}{
		{"skald's", s.Security.Skald, ""},
		{"another name's", s.good(t, "auditor"), ""},                             // who it is, not what it may
		{"an expired one", s.expired(t, stack.User), "tls: unknown certificate"}, // Java does not say more
		{"one of another authority", s.foreigner(t, stack.User), "tls: unknown certificate"},
		{"none", authority.Identity{}, "tls: bad certificate"},
	} {
		expect(t, test.name, ping(t.Context(), kgo.SeedBrokers(s.Kafka.CertificateAddress()), kgo.DialTLSConfig(s.showing(t, test.shows))), test.want)
	}
}

func (s secured) temporal(t *testing.T) {
	foreign, err := s.foreign.TLS(s.Security.Skald)
	must(t, err)
	for _, test := range []struct {
		name   string
		config *tls.Config
		want   string
	}{
		{"skald's certificate", s.showing(t, s.Security.Skald), ""},
		{"an expired one", s.showing(t, s.expired(t, stack.User)), "tls: expired certificate"},
		{"one of another authority", s.showing(t, s.foreigner(t, stack.User)), "tls: unknown certificate authority"},
		{"none", s.trusting(t), "tls: certificate required"},
		{"no TLS", nil, "error reading server preface"},
		{"an authority nobody signs with", foreign, "certificate signed by unknown authority"},
	} {
		err := s.askTemporal(t.Context(), test.config, nil)
		if (err == nil) != (test.want == "") {
			t.Errorf("%s: %v", test.name, err)
		}
		if test.config != nil {
			err = shakeHands(t.Context(), s.Temporal.Address(), test.config)
		}
		expect(t, test.name, err, test.want)
	}
}

func (s secured) postgres(t *testing.T) {
	password := s.read(t, s.Security.PostgresPassword)
	user, certified := url.UserPassword(stack.User, password), url.UserPassword(stack.CertificateUser, password)
	showing := func(i authority.Identity) map[string]string {
		return map[string]string{"sslcert": i.Certificate, "sslkey": i.Key}
	}
	for _, test := range []struct {
		name     string
		user     *url.Userinfo
		database string
		settings map[string]string
		want     string // who it is there, or what is said
	}{
		{"password", user, stack.Database, nil, "skald"},
		{"wrong password", url.UserPassword(stack.User, "wrong"), stack.Database, nil, "password authentication failed"},
		{"no password", url.User(stack.User), stack.Database, nil, "password authentication failed"},
		{"unknown user", url.UserPassword("nobody", password), stack.Database, nil, "no pg_hba.conf entry"},
		{"another database", user, "temporal", nil, "no pg_hba.conf entry"},
		{"no TLS", user, stack.Database, map[string]string{"sslmode": "disable"}, "no encryption"},
		{"another authority", user, stack.Database, map[string]string{"sslrootcert": s.foreign.Certificate()}, "certificate signed by unknown authority"},
		{"password and certificate", certified, stack.Database, showing(s.good(t, stack.CertificateUser)), "skald"},
		{"wrong password with a certificate", url.UserPassword(stack.CertificateUser, "wrong"), stack.Database, showing(s.good(t, stack.CertificateUser)), "password authentication failed"},
		{"password without its certificate", certified, stack.Database, nil, "connection requires a valid client certificate"},
		{"somebody else's certificate", certified, stack.Database, showing(s.Security.Skald), "authentication failed"},
		{"an expired certificate", certified, stack.Database, showing(s.expired(t, stack.CertificateUser)), "tls: expired certificate"},
		{"another authority's certificate", certified, stack.Database, showing(s.foreigner(t, stack.CertificateUser)), "tls: unknown certificate authority"},
	} {
		who, err := enterPostgres(t.Context(), s.postgresURL(t, test.user, test.database, test.settings))
		if said := fmt.Sprint(who, err); !strings.Contains(said, test.want) || (err == nil) != (who == test.want) {
			t.Errorf("%s: %q (%v), want %s", test.name, who, err, test.want)
		}
	}
}

// restart must leave users and grants as they are, and servers as strict.
func (s secured) restart(t *testing.T) {
	must(t, s.Kafka.AddUser(t.Context(), "lasting", "first"))
	must(t, s.Kafka.AddUser(t.Context(), "lasting", "second", stack.Grants()...))
	expect(t, "an old password", ping(t.Context(), s.asUser(t, "lasting", "first")...), "SASL_AUTHENTICATION_FAILED")
	before := s.lookAsUser(t, "lasting", "second")
	// Temporal comes last: one that still starts its workers when Postgres goes
	// away ends itself ("error starting scanner").
	for _, server := range []lifecycle{s.Kafka, s.Postgres, s.Temporal} {
		must(t, server.Kill())
		must(t, server.Start(t.Context()))
	}
	if after := s.lookAsUser(t, "lasting", "second"); after != before {
		t.Errorf("after the restarts the user sees %q, before %q", after, before)
	}
	t.Run("Kafka by password and token", s.kafkaBySASL)
	t.Run("Temporal", s.temporal)
	t.Run("Postgres", s.postgres)
}

// logs can be read by everybody on the machine.
func (s secured) logs(t *testing.T) {
	for _, log := range []string{s.Kafka.Log(), s.Temporal.Log(), s.Postgres.Log()} {
		text := s.read(t, log)
		for _, file := range []string{s.Security.KafkaPassword, s.Security.PostgresPassword, s.Security.KafkaToken} {
			if strings.Contains(text, s.read(t, file)) {
				t.Errorf("%s tells what is in %s", log, file)
			}
		}
	}
}
