package authority_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/skald-saga/skald/internal/stack/authority"
)

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// listen is a server that wants certificates of the authority and says the name
// in them.
func listen(t *testing.T, a *authority.Authority) (address string) {
	t.Helper()
	identity := must(a.Server("server"))(t)
	config := must(a.TLS(identity))(t)
	pair := must(tls.LoadX509KeyPair(identity.Certificate, identity.Key))(t)
	listener := must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: config.RootCAs, MinVersion: tls.VersionTLS12,
	}))(t)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go greet(connection.(*tls.Conn))
		}
	}()
	return listener.Addr().String()
}

func greet(connection *tls.Conn) {
	defer connection.Close()
	if connection.HandshakeContext(context.Background()) == nil {
		_, _ = io.WriteString(connection, connection.ConnectionState().PeerCertificates[0].Subject.CommonName)
	}
}

// ask is the name under which a server knows a client.
func ask(t *testing.T, address string, config *tls.Config) (string, error) {
	t.Helper()
	connection, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	text, err := io.ReadAll(connection)
	return string(text), err
}

func TestServersKnowClientsByName(t *testing.T) {
	t.Parallel()
	a := must(authority.Open(t.TempDir()))(t)
	address := listen(t, a)
	for _, issue := range []func(string) (authority.Identity, error){a.Client, a.Server} {
		name, err := ask(t, address, must(a.TLS(must(issue("skald"))(t)))(t))
		if err != nil || name != "skald" {
			t.Errorf("the server knows %q (%v), want skald", name, err)
		}
	}
}

func TestServersRefuseWhatIsMadeToBeRefused(t *testing.T) {
	t.Parallel()
	a, foreign := must(authority.Open(t.TempDir()))(t), must(authority.Open(t.TempDir()))(t)
	address := listen(t, a)
	for _, test := range []struct {
		name  string
		shows authority.Identity
		want  string
	}{
		{"nothing", authority.Identity{}, "certificate required"},
		{"an expired certificate", must(a.Expired("skald"))(t), "expired certificate"},
		{"one of another authority", must(foreign.Client("skald"))(t), "unknown certificate authority"},
	} {
		name, err := ask(t, address, must(a.TLS(test.shows))(t))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the server says %q (%v), want %s", test.name, name, err, test.want)
		}
	}
	if _, err := ask(t, address, must(foreign.TLS(must(a.Client("skald"))(t)))(t)); !isUnknownAuthority(err) {
		t.Errorf("a client of another authority: %v, want an unknown authority", err)
	}
}

func isUnknownAuthority(err error) bool {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	return unknown
}

func TestAnExpiredCertificateLeavesTheGoodOneAlone(t *testing.T) {
	t.Parallel()
	a := must(authority.Open(t.TempDir()))(t)
	good := must(a.Client("skald"))(t)
	before := must(os.ReadFile(good.Certificate))(t)
	if expired := must(a.Expired("skald"))(t); expired == good {
		t.Error("both are in the same files")
	}
	if string(before) != string(must(os.ReadFile(good.Certificate))(t)) {
		t.Error("the good one has changed")
	}
}

func TestAFolderKeepsItsAuthority(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := must(authority.Open(dir))(t)
	address := listen(t, first)
	second := must(authority.Open(dir))(t)
	if name, err := ask(t, address, must(second.TLS(must(second.Client("skald"))(t)))(t)); err != nil || name != "skald" {
		t.Errorf("the server knows %q (%v), want skald", name, err)
	}
	mustVerify(t, first, must(second.Token(authority.Token{Subject: "skald"}))(t))
}

func TestAFolderWithABrokenKeyIsNotUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(authority.Open(dir))(t)
	if err := os.WriteFile(dir+"/ca.key", []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := authority.Open(dir)
	if want := dir + "/ca.key holds no PRIVATE KEY"; err == nil || err.Error() != want {
		t.Errorf("Open: %v, want %s", err, want)
	}
}

func TestANameThatIsNoFileNameIsRefused(t *testing.T) {
	t.Parallel()
	a := must(authority.Open(t.TempDir()))(t)
	for _, name := range []string{"", "../skald", "a,b", "Skald", "9"} {
		if _, err := a.Client(name); err == nil {
			t.Errorf("%q was signed", name)
		}
	}
}

// A certificate is for everybody, its key is not.
func TestKeysOnlyTheirOwnerCanRead(t *testing.T) {
	t.Parallel()
	a := must(authority.Open(t.TempDir()))(t)
	i := must(a.Client("skald"))(t)
	for file, want := range map[string]os.FileMode{i.Certificate: 0o644, i.Key: 0o600, i.Bundle: 0o600, a.Certificate(): 0o644, a.Keys(): 0o644} {
		info := must(os.Stat(file))(t)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", file, got, want)
		}
	}
}
