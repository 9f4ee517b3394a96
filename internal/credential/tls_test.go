package credential_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/stack/authority"
)

func TestARenewedCertificateIsUsedByTheNextConnection(t *testing.T) {
	t.Parallel()
	ca := open(t)
	first := server(t, ca)
	address := serve(t, first)
	client := credential.TLS{Enabled: true, CA: ca.Certificate()}
	before := serial(t, client, address)
	if again := serial(t, client, address); again.Cmp(before) != 0 {
		t.Fatalf("the certificate changed by itself: %v, then %v", before, again)
	}
	server(t, ca) // replaces the files
	after := serial(t, client, address)
	if after.Cmp(before) == 0 {
		t.Error("the old certificate is still shown")
	}
	// Between the replacement of one file and the other they are no pair.
	write(t, first.Certificate, "half a certificate")
	if now := serial(t, client, address); now.Cmp(after) != 0 {
		t.Errorf("while the files are no pair, %v is shown, want %v", now, after)
	}
	if err := first.Validate(); err == nil || !strings.Contains(err.Error(), first.Certificate) {
		t.Errorf("Validate does not say so: %v", err)
	}
}

func TestAReplacedAuthorityIsTrustedAndTheOldOneNoMore(t *testing.T) {
	t.Parallel()
	old, replaced := open(t), open(t)
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	client := credential.TLS{Enabled: true, CA: trusted}
	addresses := []string{serve(t, server(t, old)), serve(t, server(t, replaced))}
	for n, ca := range []*authority.Authority{old, replaced} {
		copyFile(t, ca.Certificate(), trusted)
		for m, address := range addresses {
			err := say(t, client, address)
			if want := n == m; (err == nil) != want {
				t.Errorf("authority %d, server %d: %v", n, m, err)
			}
		}
	}
}

func TestAServerWithAnAuthorityWantsACertificateOfIt(t *testing.T) {
	t.Parallel()
	ca, stranger := open(t), open(t)
	clients := filepath.Join(t.TempDir(), "clients.pem")
	copyFile(t, ca.Certificate(), clients)
	listening := server(t, ca)
	listening.CA = clients
	address := serve(t, listening)
	own := client(t, ca, ca)
	if err := say(t, own, address); err != nil {
		t.Errorf("the authority's own client: %v", err)
	}
	for name, other := range map[string]credential.TLS{"nobody's": {Enabled: true, CA: ca.Certificate()}, "a stranger's": client(t, stranger, ca)} {
		wantKind(t, name, say(t, other, address), credential.KindOurs)
	}
	copyFile(t, stranger.Certificate(), clients)
	wantKind(t, "one whose authority was taken out", say(t, own, address), credential.KindOurs)
}

func TestEachKindOfBadCertificateIsTold(t *testing.T) {
	t.Parallel()
	ca, stranger := open(t), open(t)
	good := serve(t, server(t, ca))
	expired, err := ca.Expired("late")
	must(t, err)
	late := listen(t, mustConfig(t, expired))
	for name, test := range map[string]struct {
		tls     credential.TLS
		address string
		want    credential.Kind
	}{
		"unknown authority": {credential.TLS{Enabled: true, CA: stranger.Certificate()}, good, credential.KindUntrusted},
		"another name":      {credential.TLS{Enabled: true, CA: ca.Certificate(), ServerName: "elsewhere.example"}, good, credential.KindMisnamed},
		"expired":           {credential.TLS{Enabled: true, CA: ca.Certificate()}, late, credential.KindExpired},
		"no TLS at all":     {credential.TLS{Enabled: true, CA: ca.Certificate()}, listen(t, nil), credential.KindNoTLS},
	} {
		err := say(t, test.tls, test.address)
		wantKind(t, name, err, test.want)
		wantKind(t, name+", as text", errors.New(textOf(err)), test.want)
	}
	if kind, is := credential.KindOf(say(t, credential.TLS{}, nobody(t))); is {
		t.Errorf("a refused connection counts as %q", kind)
	}
}

func TestOnlyAServerThatSpeaksTLSIsSaidTo(t *testing.T) {
	t.Parallel()
	ca := open(t)
	mutual := server(t, ca)
	mutual.CA = ca.Certificate()
	older := mustConfig(t, identityOf(mutual)) // which refuses us before the handshake is over
	older.ClientAuth, older.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
	for address, want := range map[string]bool{
		serve(t, server(t, ca)): true, serve(t, mutual): true, listen(t, older): true, listen(t, nil): false, nobody(t): false,
	} {
		if got := credential.SpeaksTLS(t.Context(), address); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

// Whoever speaks first may never read the server's alert; whoever listens does.
func TestWhatAServerHasAgainstACertificateIsHeard(t *testing.T) {
	t.Parallel()
	ca, stranger := open(t), open(t)
	mutual := server(t, ca)
	mutual.CA = ca.Certificate()
	address := serve(t, mutual)
	for name, test := range map[string]struct {
		tls  credential.TLS
		want credential.Kind
	}{
		"none":       {credential.TLS{Enabled: true, CA: ca.Certificate()}, credential.KindOurs},
		"a stranger": {client(t, stranger, ca), credential.KindOurs},
		"its own":    {client(t, ca, ca), ""},
		"mistrust":   {client(t, ca, stranger), credential.KindUntrusted},
	} {
		if kind, refused := test.tls.Objection(t.Context(), address); kind != test.want || refused != (test.want != "") {
			t.Errorf("%s: kind %q, refused %v, want %q", name, kind, refused, test.want)
		}
	}
	if kind, refused := (credential.TLS{Enabled: true}).Objection(t.Context(), nobody(t)); refused {
		t.Errorf("a server that is away: kind %q", kind)
	}
}

func TestFilesThatCannotBeUsedAreNamedWithTheirField(t *testing.T) {
	t.Parallel()
	ca, other := open(t), open(t)
	own, theirs := server(t, ca), server(t, other)
	expired, err := ca.Expired("late")
	must(t, err)
	nothing := filepath.Join(t.TempDir(), "nothing.pem")
	write(t, nothing, "nothing")
	for want, bad := range map[string]credential.TLS{
		"TLS: CA: open /does/not/exist":                   {Enabled: true, CA: "/does/not/exist"},
		"TLS: CA: " + nothing + " holds no certificate":   {Enabled: true, CA: nothing},
		"TLS: one of Certificate and Key is missing":      {Enabled: true, Certificate: own.Certificate},
		"TLS: Certificate: open /does/not/exist":          {Enabled: true, Certificate: "/does/not/exist", Key: own.Key},
		"TLS: pair of Certificate " + own.Certificate:     {Enabled: true, Certificate: own.Certificate, Key: theirs.Key},
		"TLS: Certificate: " + expired.Certificate + " e": {Enabled: true, Certificate: expired.Certificate, Key: expired.Key},
		"TLS: files or a server name are given":           {CA: ca.Certificate()},
	} {
		if err := bad.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s…", err, want)
		}
	}
	for _, good := range []credential.TLS{{}, {Enabled: true}, own, {Enabled: true, ServerName: "x"}} {
		if err := good.Validate(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	if _, err := (credential.TLS{Enabled: true, CA: ca.Certificate()}).Server(); err == nil {
		t.Error("a server without a certificate")
	}
	for _, make := range []func() (*tls.Config, error){credential.TLS{}.Client, credential.TLS{}.Server} {
		if config, err := make(); config != nil || err != nil {
			t.Errorf("of no TLS: %v, %v", config, err)
		}
	}
}

func TestARefusalSaysWhoWhatAndWhy(t *testing.T) {
	t.Parallel()
	why := errors.New("SASL_AUTHENTICATION_FAILED")
	var err error = &credential.Refusal{Dependency: "Kafka", Address: "broker:9092", Kind: credential.KindWrong, Err: why}
	const want = "Kafka at broker:9092 refuses the connection: it does not accept the user, password, token or key: SASL_AUTHENTICATION_FAILED"
	if err.Error() != want || !errors.Is(err, credential.ErrRefused) || !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

func open(t *testing.T) *authority.Authority {
	t.Helper()
	ca, err := authority.Open(t.TempDir())
	must(t, err)
	return ca
}

func server(t *testing.T, ca *authority.Authority) credential.TLS {
	t.Helper()
	identity, err := ca.Server("server")
	must(t, err)
	return credential.TLS{Enabled: true, Certificate: identity.Certificate, Key: identity.Key}
}

// client has a certificate of one authority and trusts another.
func client(t *testing.T, of, trusts *authority.Authority) credential.TLS {
	t.Helper()
	identity, err := of.Client("client")
	must(t, err)
	return credential.TLS{Enabled: true, CA: trusts.Certificate(), Certificate: identity.Certificate, Key: identity.Key}
}

// serve answers every connection with "hello".
func serve(t *testing.T, by credential.TLS) string {
	t.Helper()
	config, err := by.Server()
	must(t, err)
	return listen(t, config)
}

func identityOf(by credential.TLS) authority.Identity {
	return authority.Identity{Certificate: by.Certificate, Key: by.Key}
}

func mustConfig(t *testing.T, identity authority.Identity) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(identity.Certificate, identity.Key)
	must(t, err)
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

func listen(t *testing.T, config *tls.Config) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.WriteString(connection, "hello") // a client that refuses us has gone
				_ = connection.Close()
			}()
		}
	}()
	return address
}

func nobody(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	must(t, listener.Close())
	return listener.Addr().String()
}

// say connects and reads: only then a server's refusal is known.
func say(t *testing.T, by credential.TLS, address string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	connection, err := by.Dial(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	text, err := io.ReadAll(connection)
	if err == nil && string(text) != "hello" {
		t.Errorf("the server says %q", text)
	}
	return err
}

func serial(t *testing.T, by credential.TLS, address string) *big.Int {
	t.Helper()
	connection, err := by.Dial(t.Context(), "tcp", address)
	must(t, err)
	defer func() { _ = connection.Close() }()
	return connection.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber //nolint:forcetypeassert // TLS is on
}

func wantKind(t *testing.T, name string, err error, want credential.Kind) {
	t.Helper()
	if kind, is := credential.KindOf(err); !is || kind != want {
		t.Errorf("%s: kind %q, want %q, of %v", name, kind, want, err)
	}
}

func textOf(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(to, text, 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
