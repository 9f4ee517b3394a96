package databasetest

import (
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Security is the files, in PEM, of a server that speaks TLS.
type Security struct {
	Certificate, Key string
	CA               string // of clients' certificates
}

// SecurePostgres is a server of one test's own. Over TCP it speaks nothing but
// TLS, and wants the password of everybody except the user "certified", of whom
// it wants a certificate of that name.
type SecurePostgres struct {
	Address string // host:port; 127.0.0.2 is the same server
	server  *Postgres
}

// hostRules let the test itself in by the server's socket.
const hostRules = "local all all trust\nhostssl all certified 127.0.0.0/8 cert\nhostssl all all 127.0.0.0/8 scram-sha-256\n"

// StartSecurePostgres starts one from the system's binaries until the test ends,
// or skips the test with the reason.
func StartSecurePostgres(t testing.TB, s Security) *SecurePostgres {
	t.Helper()
	bin := binaries()
	if bin == "" {
		t.Skip("no Postgres: no initdb is installed")
	}
	admin := start(t, bin, func(data string, owner *syscall.Credential) []string {
		write(t, owner, filepath.Join(data, "pg_hba.conf"), []byte(hostRules))
		for file, from := range map[string]string{"server.crt": s.Certificate, "server.key": s.Key, "ca.crt": s.CA} {
			text, err := os.ReadFile(from) //nolint:gosec // G304: the test names its own file
			if err != nil {
				t.Fatal(err)
			}
			write(t, owner, filepath.Join(data, file), text)
		}
		return []string{"-c", "listen_addresses=127.0.0.1,127.0.0.2", "-c", "ssl=on", "-c", "ssl_cert_file=server.crt", "-c", "ssl_key_file=server.key", "-c", "ssl_ca_file=ca.crt"}
	})
	at, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	return &SecurePostgres{Address: "127.0.0.1:" + at.Query().Get("port"), server: &Postgres{url: admin}}
}

// Exec runs a statement as the superuser skald.
func (p *SecurePostgres) Exec(t testing.TB, statement string) {
	t.Helper()
	if err := p.server.exec(statement); err != nil {
		t.Fatal(err)
	}
}

// write makes a file that only the server's user may read: it refuses a key that
// others can.
func write(t testing.TB, owner *syscall.Credential, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil { //nolint:gosec // G703: the test writes into its own folder
		t.Fatal(err)
	}
	if owner == nil {
		return
	}
	if err := os.Chown(file, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
}
