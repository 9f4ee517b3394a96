package stack_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/stack"
	"github.com/skald-saga/skald/internal/stack/authority"
)

// refusalTime is how long a process may take to give up on a credential: it asks
// again what it cannot tell from an outage.
const refusalTime = time.Minute

// One long test, because starting everything costs more than using it. skald
// gets the grants of stack.Grants and no others: that it does everything with
// them says that they suffice.
func TestSkaldRunsOnASecuredStackAndAWrongCredentialLosesNothing(t *testing.T) {
	binary := buildSkald(t)
	s := startSecured(t, stack.Options{})
	s.carriesOrders(t, binary, s.ServeArgs())
	t.Run("every good credential", func(t *testing.T) { s.everyGoodCredential(t, binary) })
	t.Run("doctor", func(t *testing.T) { s.mustBeHealthy(t, binary) })
	t.Run("a wrong credential", func(t *testing.T) { s.everyWrongCredential(t, binary) })
	t.Run("a grant that is missing", func(t *testing.T) { s.missingGrant(t, binary) })
	s.mustAgree(t, binary, s.ServeArgs()[1:])
}

func (s secured) carriesOrders(t *testing.T, binary string, args []string) {
	t.Helper()
	running := startSkald(t, binary, args)
	for n := range orders {
		running.place(t, n)
	}
	running.awaitFinal(t)
	if diff := cmp.Diff(wantStatuses(orders), running.statuses(t)); diff != "" {
		t.Fatalf("the orders ended otherwise (-want +got):\n%s", diff)
	}
	running.stop(t)
}

// everyGoodCredential is shown by an audit, which reads orders, sagas and all
// topics and must find that they agree.
func (s secured) everyGoodCredential(t *testing.T, binary string) {
	args := s.ServeArgs()[1:]
	withToken := without(args, "--kafka-user", "--kafka-password-file")
	withCertificate := without(withToken, "--kafka-sasl")
	certified := s.good(t, stack.CertificateUser)
	database := s.postgresURL(t, url.User(stack.CertificateUser), stack.Database, map[string]string{"sslcert": certified.Certificate, "sslkey": certified.Key})
	for name, args := range map[string][]string{
		"SCRAM-SHA-256":                    with(args, "--kafka-sasl", "scram-sha-256"),
		"SCRAM-SHA-512":                    args,
		"PLAIN":                            with(args, "--kafka-sasl", "plain"),
		"OAUTHBEARER":                      with(with(withToken, "--kafka-sasl", "oauthbearer"), "--kafka-token-file", s.Security.KafkaToken),
		"Kafka by certificate":             with(with(with(withCertificate, "--kafka", s.Kafka.CertificateAddress()), "--kafka-cert", s.Security.Skald.Certificate), "--kafka-key", s.Security.Skald.Key),
		"Postgres by password certificate": with(args, "--database", database),
	} {
		t.Run(name, func(t *testing.T) { s.mustAgree(t, binary, args) })
	}
	t.Run("from the environment", func(t *testing.T) { s.mustAgree(t, binary, nil) })
}

// mustAgree audits. Without arguments it takes the settings from the
// environment.
func (s secured) mustAgree(t *testing.T, binary string, args []string) {
	t.Helper()
	said, err := s.run(t, binary, "audit", args)
	if err != nil || !strings.Contains(said, "Nothing disagrees.") {
		t.Errorf("the audit ends with %v and says:\n%s", err, said)
	}
}

// mustBeHealthy asks skald itself whether it may do what it must.
func (s secured) mustBeHealthy(t *testing.T, binary string) {
	t.Helper()
	said, err := s.run(t, binary, "doctor", nil)
	if err != nil || !strings.Contains(said, " 0 failures") {
		t.Errorf("the doctor ends with %v and says:\n%s", err, said)
	}
}

func (s secured) run(t *testing.T, binary, command string, args []string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, append([]string{command}, args...)...)
	cmd.Env, cmd.Dir = []string{}, t.TempDir()
	if args == nil {
		cmd.Env = s.Environment()
	}
	said, err := cmd.CombinedOutput()
	return string(said), err
}

// everyWrongCredential ends the process with a sentence, and orders that were
// accepted before are there for the process that knows better.
func (s secured) everyWrongCredential(t *testing.T, binary string) {
	const count = 10
	running := startSkald(t, binary, append(s.ServeArgs(), "--roles", "gateway"))
	running.placed = orders
	for n := range count {
		running.place(t, orders+n)
	}
	running.stop(t)

	t.Run("each", func(t *testing.T) {
		for _, test := range s.wrong(t) {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				mustGiveUp(t, binary, test.args, test.want)
			})
		}
	})

	running = startSkald(t, binary, s.ServeArgs())
	running.placed = orders + count
	running.awaitFinal(t)
	if diff := cmp.Diff(wantStatuses(orders+count), running.statuses(t)); diff != "" {
		t.Errorf("the orders ended otherwise (-want +got):\n%s", diff)
	}
	running.stop(t)
}

type wrongCredential struct {
	name string
	args []string
	want string // who refuses what, in skald's words
}

func (s secured) wrong(t *testing.T) []wrongCredential {
	t.Helper()
	args := s.ServeArgs()
	wrong := filepath.Join(t.TempDir(), "wrong")
	must(t, os.WriteFile(wrong, []byte("wrong\n"), 0o600))
	showing := func(i authority.Identity) []string {
		return with(with(args, "--temporal-cert", i.Certificate), "--temporal-key", i.Key)
	}
	withToken := with(without(args, "--kafka-user", "--kafka-password-file"), "--kafka-sasl", "oauthbearer")
	unsafe := s.postgresURL(t, url.User(stack.User), stack.Database, map[string]string{"sslmode": "disable"})
	foreign := s.postgresURL(t, url.User(stack.User), stack.Database, map[string]string{"sslrootcert": s.foreign.Certificate()})
	const notAccepted, untrusted, certificate, speaksTLS = "it does not accept the user, password, token or key",
		"its certificate is not signed by a trusted authority", "it does not accept the client certificate, or wants one and got none",
		"it speaks TLS, and TLS is off"
	return []wrongCredential{
		{"Kafka, password", with(args, "--kafka-password-file", wrong), "Kafka at " + s.Kafka.Address() + " refuses the connection: " + notAccepted},
		{"Kafka, token", with(withToken, "--kafka-token-file", wrong), "Kafka at " + s.Kafka.Address() + " refuses the connection: " + notAccepted},
		{"Kafka, nobody", without(args, "--kafka-user", "--kafka-password-file", "--kafka-sasl"), "it wants a user, and none is given"},
		{"Kafka, authority", with(args, "--kafka-ca", s.foreign.Certificate()), "Kafka at " + s.Kafka.Address() + " refuses the connection: " + untrusted},
		{"Kafka, no TLS", without(args, "--kafka-ca"), "Kafka at " + s.Kafka.Address() + " refuses the connection: " + speaksTLS},
		{"Temporal, no certificate", without(args, "--temporal-cert", "--temporal-key"), "Temporal at " + s.Temporal.Address() + " refuses the connection: " + certificate},
		{"Temporal, expired", showing(s.expired(t, stack.User)), "skald.expired.pem expired at "},
		{"Temporal, foreign", showing(s.foreigner(t, stack.User)), "Temporal at " + s.Temporal.Address() + " refuses the connection: " + certificate},
		{"Temporal, authority", with(args, "--temporal-ca", s.foreign.Certificate()), "Temporal at " + s.Temporal.Address() + " refuses the connection: " + untrusted},
		{"Postgres, password", with(args, "--database-password-file", wrong), "Postgres at " + s.Postgres.Address() + " refuses the connection: " + notAccepted},
		{"Postgres, no TLS", with(args, "--database", unsafe), "Postgres at " + s.Postgres.Address() + " refuses the connection: " + speaksTLS},
		{"Postgres, authority", with(args, "--database", foreign), "Postgres at " + s.Postgres.Address() + " refuses the connection: " + untrusted},
	}
}

// mustGiveUp wants exit code 1 and, at the end of what skald says, the sentence.
func mustGiveUp(t *testing.T, binary string, args []string, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), refusalTime)
	defer cancel()
	said, err := exec.CommandContext(ctx, binary, append(args, "--listen", "127.0.0.1:0")...).CombinedOutput()
	failure, ended := errors.AsType[*exec.ExitError](err)
	if !ended || failure.ExitCode() != 1 {
		t.Errorf("it ended with %v, want exit code 1; it said:\n%s", err, said)
	}
	last := string(said[max(0, strings.LastIndex(string(said), "\nskald: ")):])
	if !strings.Contains(last, want) {
		t.Errorf("it ends with:\n%s\nwant in it: %s", last, want)
	}
}

// missingGrant: what Kafka does not permit waits, as in an outage, until it is
// permitted. skald says what is missing.
func (s secured) missingGrant(t *testing.T, binary string) {
	missing := regexp.MustCompile(`skald\.events\.v1.*TOPIC_AUTHORIZATION_FAILED`)
	write := stack.Grant{Resource: stack.Topic, Name: skald.TopicEvents, Operation: kadm.OpWrite}
	must(t, s.Kafka.Forbid(t.Context(), stack.User, write))
	running := launchSkald(t, binary, s.ServeArgs())
	n := orders + 20
	running.placed = n
	running.place(t, n)
	eventually(t, settleTime, func() error {
		if running.ready(t.Context()) == nil {
			return errors.New("skald says that it is ready")
		}
		text, err := os.ReadFile(running.log)
		if err == nil && !missing.Match(text) {
			err = fmt.Errorf("skald does not say what is missing:\n%s", text)
		}
		return err
	})
	const mend = "--operation Write --topic skald.events.v1"
	if said, err := s.run(t, binary, "doctor", nil); err == nil || !strings.Contains(said, mend) {
		t.Errorf("the doctor ends with %v, want a failure with %s; it says:\n%s", err, mend, said)
	}
	must(t, s.Kafka.Permit(t.Context(), stack.User, write))
	eventually(t, settleTime, func() error {
		order, err := running.api.Order(t.Context(), orderID(n))
		if err == nil && order.Status != fate(n) {
			err = fmt.Errorf("%s is %s", order.ID, order.Status)
		}
		return err
	})
	eventually(t, settleTime, func() error { return running.ready(t.Context()) })
	running.stop(t)
}

// with sets a flag.
func with(args []string, flag, value string) []string {
	return append(without(args, flag), flag, value)
}

// without leaves flags and their values out.
func without(args []string, flags ...string) []string {
	kept := slices.Clone(args)
	for _, flag := range flags {
		if at := slices.Index(kept, flag); at >= 0 {
			kept = slices.Delete(kept, at, at+2)
		}
	}
	return kept
}
