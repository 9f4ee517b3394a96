package databasetest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// PostgresURL names the variable that holds the URL of a server to use instead
// of starting one. Its user must be allowed to create databases.
const PostgresURL = "SKALD_TEST_POSTGRES_URL"

// Postgres is a server for one test.
type Postgres struct {
	url     string
	created atomic.Int64
}

// StartPostgres uses the server at PostgresURL, or starts one from the
// system's binaries on a free loopback port until the test ends. Postgres
// refuses to run as root, so root's server runs as the user postgres or nobody.
// Without a server to be had, the test is skipped with the reason.
func StartPostgres(t testing.TB) *Postgres {
	t.Helper()
	if given := os.Getenv(PostgresURL); given != "" {
		return &Postgres{url: given}
	}
	bin := binaries()
	if bin == "" {
		t.Skip("no Postgres: " + PostgresURL + " is not set and no initdb is installed")
	}
	return &Postgres{url: start(t, bin, nil)}
}

// Fresh makes an empty database and returns its URL; it is dropped when the
// test ends.
func (p *Postgres) Fresh(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("skald_test_%d_%d", os.Getpid(), p.created.Add(1))
	if err := p.exec(byLanguage(name)); err != nil { // the server is older than 15, or built without ICU
		if err := p.exec("CREATE DATABASE " + name); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := p.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	parsed, err := url.Parse(p.url)
	if err != nil {
		t.Fatalf("server URL: %v", err)
	}
	parsed.Path = "/" + name
	return parsed.String()
}

// byLanguage makes a database that sorts text as people do, and not by bytes: as
// most production servers are set up, and where code that relies on one order
// breaks.
func byLanguage(name string) string {
	return "CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
}

func (p *Postgres) exec(statement string) error {
	db, err := sql.Open("pgx", p.url)
	if err != nil {
		return fmt.Errorf("open Postgres: %w", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// start returns the server's URL. Its settings are made by adapt, if there is
// one, which may also write into the data folder before the server looks.
func start(t testing.TB, bin string, adapt func(data string, owner *syscall.Credential) (settings []string)) string {
	t.Helper()
	credential := unprivileged(t)
	dir := dataDir(t, credential)
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...) //nolint:gosec,noctx // a test runs the system's own binaries, and stops them by signal
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
		cmd.Dir = dir
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-U", "skald", "--auth=trust", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := freePort(t)
	serverURL := "postgres://skald@127.0.0.1:" + port + "/postgres?sslmode=disable"
	settings := []string{"-D", data, "-k", dir, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200"}
	if adapt != nil {
		settings = append(settings, adapt(data, credential)...)
		serverURL = "postgres://skald@/postgres?host=" + url.QueryEscape(dir) + "&port=" + port // where everybody is trusted
	}
	server := command("postgres", append(settings, "-p", port)...)
	var log bytes.Buffer
	server.Stderr = &log
	if err := server.Start(); err != nil {
		t.Fatalf("start postgres: %v", err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT) // its data is thrown away
		_ = server.Wait()                          // it reports the signal it was sent
	})
	awaitReady(t, serverURL, &log)
	return serverURL
}

// dataDir is outside t.TempDir, whose parents only their owner may enter.
func dataDir(t testing.TB, credential *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "skald-postgres-")
	if err != nil {
		t.Fatalf("data folder: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // what is left is in the system's temporary folder
	if credential != nil {
		if err := os.Chown(dir, int(credential.Uid), int(credential.Gid)); err != nil {
			t.Fatalf("data folder: %v", err)
		}
	}
	return dir
}

func unprivileged(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Skip("no Postgres: it refuses to run as root, and there is neither a user postgres nor nobody")
	return nil
}

func binaries() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(found))
}

func freePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // listening on loopback does not block
	if err != nil {
		t.Fatalf("free port: %v", err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port) //nolint:forcetypeassert // a TCP listener has a TCP address
}

func awaitReady(t testing.TB, serverURL string, log *bytes.Buffer) {
	t.Helper()
	db, err := sql.Open("pgx", serverURL)
	if err != nil {
		t.Fatalf("open Postgres: %v", err)
	}
	defer db.Close()
	deadline := time.Now().Add(3 * time.Second)
	for {
		err := db.PingContext(context.Background())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("Postgres did not answer within 30 s: %v\n%s", err, log)
		}
		time.Sleep(20 * time.Millisecond) // polls another process, which can signal readiness in no other way
	}
}
