package kafka_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/stack/authority"
)

const password = "canary-7d21"

func TestEveryClientIsSecuredInTheSameWay(t *testing.T) {
	t.Parallel()
	for _, mechanism := range []string{kafka.MechanismPlain, kafka.MechanismScramSHA256, kafka.MechanismScramSHA512} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			ca := vouch(t)
			o := secured(t, ca, kfake.EnableSASL(), kfake.Superuser(strings.ToUpper(mechanism), "skald", password), kfake.SeedTopics(1, "a"))
			o.Security.Mechanism, o.Security.User, o.Security.Password = mechanism, "skald", credential.NewSecret(password)
			wantSecured(t, o)
		})
	}
}

// wantSecured produces, consumes in a group and reads.
func wantSecured(t *testing.T, o kafka.Options) {
	t.Helper()
	ctx := deadline(t)
	if err := kafka.Reach(ctx, o); err != nil {
		t.Fatal(err)
	}
	for _, make := range []func(kafka.Options) (*kgo.Client, error){kafka.NewClient, kafka.NewProducer, kafka.NewDeadLetterProducer} {
		client, err := make(o)
		if err != nil {
			t.Fatal(err)
		}
		write(ctx, t, client, "a", "said")
		client.Close()
	}
	reader := open(ctx, t, kafka.ReaderOptions{Kafka: o, Topics: []string{"a"}, FromStart: true})
	if got := read(ctx, t, reader, 3); strings.Join(got, " ") != "said said said" {
		t.Errorf("read %v", got)
	}
	member, err := kafka.NewGroupConsumer(o, kafka.Group{Name: "g", Topics: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	defer member.CloseAllowingRebalance()
	if fetches := member.PollRecords(ctx, 1); fetches.NumRecords() != 1 {
		t.Errorf("a group member polled %d records: %v", fetches.NumRecords(), fetches.Err())
	}
}

func TestABrokerMayWantACertificate(t *testing.T) {
	t.Parallel()
	ca := vouch(t)
	listening := identity(t, "broker", ca.Server)
	listening.CA = ca.Certificate()
	o := kafka.Options{Brokers: cluster(t, kfake.TLS(config(t, listening)), kfake.SeedTopics(1, "a")).ListenAddrs()}
	o.Security.TLS = credential.TLS{Enabled: true, CA: ca.Certificate()}
	wantRefused(t, o, credential.KindOurs)
	own := identity(t, "skald", ca.Client)
	o.Security.TLS.Certificate, o.Security.TLS.Key = own.Certificate, own.Key
	wantSecured(t, o)
}

func TestEachWrongCredentialIsARefusalThatSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	ca, stranger := vouch(t), vouch(t)
	expired, err := ca.Expired("late")
	if err != nil {
		t.Fatal(err)
	}
	late := credential.TLS{Enabled: true, Certificate: expired.Certificate, Key: expired.Key}
	users := []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "skald", password)}
	trusting := kafka.Security{TLS: credential.TLS{Enabled: true, CA: ca.Certificate()}}
	elsewhere := trusting
	elsewhere.TLS.ServerName = "elsewhere.example"
	for name, test := range map[string]struct {
		cluster  *kfake.Cluster
		security kafka.Security
		want     credential.Kind
	}{
		"unknown authority":    {cluster(t, secure(t, ca)), kafka.Security{TLS: credential.TLS{Enabled: true, CA: stranger.Certificate()}}, credential.KindUntrusted},
		"another name":         {cluster(t, secure(t, ca)), elsewhere, credential.KindMisnamed},
		"expired":              {cluster(t, kfake.TLS(pair(t, late))), trusting, credential.KindExpired},
		"plain, wants TLS":     {cluster(t, secure(t, ca)), kafka.Security{}, credential.KindWantsTLS},
		"TLS, speaks none":     {cluster(t, plainly), trusting, credential.KindNoTLS},
		"no user":              {cluster(t, append(users, plainly)...), kafka.Security{}, credential.KindWantsUser},
		"no user, in TLS":      {cluster(t, append(users, secure(t, ca))...), trusting, credential.KindWantsUser},
		"wrong password":       {refusing(t, kerr.SaslAuthenticationFailed), as(kafka.MechanismScramSHA512, "wrong-"+password), credential.KindWrong},
		"wrong mechanism":      {unsupported(t), as(kafka.MechanismScramSHA256, password), credential.KindWrong},
		"plain, wants TLS too": {cluster(t, append(users, secure(t, ca))...), as(kafka.MechanismScramSHA512, password), credential.KindWantsTLS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantRefused(t, kafka.Options{Brokers: test.cluster.ListenAddrs(), Security: test.security}, test.want)
		})
	}
}

func TestAnOutageIsNoRefusal(t *testing.T) {
	t.Parallel()
	gone := cluster(t)
	o := kafka.Options{Brokers: gone.ListenAddrs()}
	gone.Close()
	if err := kafka.Reach(deadline(t), o); err == nil || errors.Is(err, credential.ErrRefused) {
		t.Errorf("of a broker that is away: %v", err)
	}
	dropping := cluster(t, plainly) // accepts, and ends every connection
	dropping.ControlKey(int16(kmsg.ApiVersions), func(kmsg.Request) (kmsg.Response, error, bool) {
		dropping.KeepControl()
		return nil, errors.New("it is not well"), true
	})
	if err := kafka.Reach(deadline(t), kafka.Options{Brokers: dropping.ListenAddrs()}); err == nil || errors.Is(err, credential.ErrRefused) {
		t.Errorf("of a broker that drops connections: %v", err)
	}
}

func TestARotatedPasswordIsUsedByTheNextConnection(t *testing.T) {
	t.Parallel()
	broker := bearer(t)
	broker.accept("PLAIN", "\x00skald\x00first")
	file := filepath.Join(t.TempDir(), "password")
	put(t, file, "first\n")
	o := kafka.Options{Brokers: broker.ListenAddrs(), Security: kafka.Security{
		Mechanism: kafka.MechanismPlain, User: "skald", Password: credential.SecretFile(file),
	}}
	if err := kafka.Reach(deadline(t), o); err != nil {
		t.Fatal(err)
	}
	broker.accept("PLAIN", "\x00skald\x00second")
	wantRefused(t, o, credential.KindWrong)
	put(t, file, "second\n")
	if err := kafka.Reach(deadline(t), o); err != nil {
		t.Errorf("after the rotation: %v", err)
	}
}

// A client that was made while a file was being replaced connects once it is
// there again.
func TestAClientCanBeMadeWhileItsFilesAreAway(t *testing.T) {
	t.Parallel()
	ca := vouch(t)
	o := secured(t, ca, kfake.SeedTopics(1, "a"))
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	o.Security.TLS.CA = trusted
	client, err := kafka.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Ping(deadline(t)); err == nil {
		t.Error("it connected without the file")
	}
	text, err := os.ReadFile(ca.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	put(t, trusted, string(text))
	if err := client.Ping(deadline(t)); err != nil {
		t.Errorf("with the file there: %v", err)
	}
}

func as(mechanism, password string) kafka.Security {
	return kafka.Security{Mechanism: mechanism, User: "skald", Password: credential.NewSecret(password)}
}

// wantRefused wants a refusal of that kind, quickly, and without the secret in
// it or in the log.
func wantRefused(t *testing.T, o kafka.Options, want credential.Kind) {
	t.Helper()
	var log bytes.Buffer
	o.Logger = logger(&log)
	err := kafka.Reach(deadline(t), o)
	refusal, ok := errors.AsType[*credential.Refusal](err)
	if !ok || refusal.Kind != want || !errors.Is(err, credential.ErrRefused) {
		t.Errorf("got %v, want a refusal of kind %q", err, want)
	}
	if err != nil && strings.Contains(err.Error()+log.String(), password) {
		t.Errorf("the secret is in the error or the log: %v\n%s", err, &log)
	}
}

func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	made, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.Close)
	return made
}

// plainly has a real broker's manners: where it speaks no TLS, it takes a TLS
// handshake for the length of a request that is too large, and ends the
// connection. kfake would wait for the rest of it.
var plainly = kfake.ListenFn(func(network, address string) (net.Listener, error) {
	listener, err := net.Listen(network, address)
	return mannered{listener}, err
})

type mannered struct{ net.Listener }

func (m mannered) Accept() (net.Conn, error) {
	connection, err := m.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &polite{Conn: connection}, nil
}

type polite struct {
	net.Conn
	begun bool
}

const handshakeRecord = 22

func (p *polite) Read(into []byte) (int, error) {
	read, err := p.Conn.Read(into)
	if !p.begun && read > 0 && into[0] == handshakeRecord {
		return 0, io.EOF
	}
	p.begun = true
	return read, err
}

// refusing is a cluster that answers an authentication as a real one does; kfake
// itself only ends the connection.
func refusing(t *testing.T, why *kerr.Error) *kfake.Cluster {
	t.Helper()
	made := cluster(t, kfake.EnableSASL())
	made.ControlKey(int16(kmsg.SASLAuthenticate), func(request kmsg.Request) (kmsg.Response, error, bool) {
		made.KeepControl()
		response := request.ResponseKind().(*kmsg.SASLAuthenticateResponse) //nolint:forcetypeassert // by its key
		response.ErrorCode, response.ErrorMessage = why.Code, new("Authentication failed during authentication due to invalid credentials")
		return response, nil, true
	})
	return made
}

func unsupported(t *testing.T) *kfake.Cluster {
	t.Helper()
	made := cluster(t, kfake.EnableSASL())
	made.ControlKey(int16(kmsg.SASLHandshake), func(request kmsg.Request) (kmsg.Response, error, bool) {
		made.KeepControl()
		response := request.ResponseKind().(*kmsg.SASLHandshakeResponse) //nolint:forcetypeassert // by its key
		response.ErrorCode, response.SupportedMechanisms = kerr.UnsupportedSaslMechanism.Code, []string{"SCRAM-SHA-512"}
		return response, nil, true
	})
	return made
}

func vouch(t *testing.T) *authority.Authority {
	t.Helper()
	ca, err := authority.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func secured(t *testing.T, ca *authority.Authority, opts ...kfake.Opt) kafka.Options {
	t.Helper()
	o := kafka.Options{Brokers: cluster(t, append(opts, secure(t, ca))...).ListenAddrs()}
	o.Security.TLS = credential.TLS{Enabled: true, CA: ca.Certificate()}
	return o
}

func secure(t *testing.T, ca *authority.Authority) kfake.Opt {
	t.Helper()
	return kfake.TLS(config(t, identity(t, "broker", ca.Server)))
}

func identity(t *testing.T, name string, issue func(string) (authority.Identity, error)) credential.TLS {
	t.Helper()
	issued, err := issue(name)
	if err != nil {
		t.Fatal(err)
	}
	return credential.TLS{Enabled: true, Certificate: issued.Certificate, Key: issued.Key}
}

func config(t *testing.T, by credential.TLS) *tls.Config {
	t.Helper()
	config, err := by.Server()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// pair shows a certificate as it is, expired or not.
func pair(t *testing.T, by credential.TLS) *tls.Config {
	t.Helper()
	loaded, err := tls.LoadX509KeyPair(by.Certificate, by.Key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{loaded}}
}

func put(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
