package database_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/stack/authority"
)

const password = "canary-91ee"

func TestPostgresIsReachedByTLSAndAPasswordThatMayChange(t *testing.T) {
	t.Parallel()
	ca, server := securePostgres(t)
	file := filepath.Join(t.TempDir(), "password")
	put(t, file, password+"\n")
	o := database.Options{
		URL:      at(server, "skald", "sslmode", "verify-full", "sslrootcert", ca.Certificate()),
		Password: credential.SecretFile(file), MaxConns: 2,
	}
	db, err := database.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { must(t, db.Close()) }()
	held, err := db.Read().Conn(t.Context()) // what is open stays open
	must(t, err)
	defer func() { must(t, held.Close()) }()
	server.Exec(t, "ALTER USER skald PASSWORD 'changed'")
	if err := db.Ping(t.Context()); err == nil {
		t.Error("a new connection was made with the old password")
	}
	put(t, file, "changed\n")
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("with the changed password: %v", err)
	}
	must(t, held.PingContext(t.Context()))
}

func TestPostgresIsReachedByACertificate(t *testing.T) {
	t.Parallel()
	ca, server := securePostgres(t)
	server.Exec(t, "CREATE USER certified")
	own, err := ca.Client("certified")
	must(t, err)
	url := at(server, "certified", "sslmode", "verify-full", "sslrootcert", ca.Certificate(), "sslcert", own.Certificate, "sslkey", own.Key)
	db, err := database.Open(t.Context(), database.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	must(t, db.Close())
}

// A connection that is being made has no bound of its own in database/sql.
func TestAPostgresThatTakesConnectionsAndNeverAnswersIsGivenUp(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { must(t, silent.Close()) }() // the system takes connections until then
	opened := make(chan error, 1)
	go func() {
		db, err := database.Open(t.Context(), database.Options{URL: "postgres://skald@" + silent.Addr().String() + "/skald?sslmode=disable"})
		if err == nil {
			err = errors.Join(errors.New("it opened"), db.Close())
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, credential.ErrRefused) {
			t.Errorf("got %v, want an outage", err)
		}
	case <-time.After(time.Minute):
		t.Error("it still waits")
	}
}

func TestEachWrongCredentialForPostgresIsARefusalThatSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	ca, server := securePostgres(t)
	stranger, err := authority.Open(t.TempDir())
	must(t, err)
	plain := databasetest.StartPostgres(t).Fresh(t)
	verified := []string{"sslmode", "verify-full", "sslrootcert", ca.Certificate()}
	for name, test := range map[string]struct {
		url      string
		password string
		want     credential.Kind
	}{
		"wrong password":        {at(server, "skald", verified...), password + "-wrong", credential.KindWrong},
		"wrong password in URL": {strings.Replace(at(server, "skald", verified...), "skald@", "skald:wrong-"+password+"@", 1), "", credential.KindWrong},
		"no password":           {at(server, "skald", verified...), "", credential.KindWrong},
		"no such user":          {at(server, "nobody", verified...), password, credential.KindWrong},
		"sslmode=disable":       {at(server, "skald", "sslmode", "disable"), password, credential.KindWantsTLS},
		"no certificate":        {at(server, "certified", verified...), password, credential.KindOurs},
		"unknown authority":     {at(server, "skald", "sslmode", "verify-full", "sslrootcert", stranger.Certificate()), password, credential.KindUntrusted},
		"another name":          {strings.Replace(at(server, "skald", verified...), "127.0.0.1", "127.0.0.2", 1), password, credential.KindMisnamed},
		"a server without TLS":  {strings.Replace(plain, "sslmode=disable", "sslmode=require", 1), "", credential.KindNoTLS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := database.Open(t.Context(), database.Options{URL: test.url, Password: credential.NewSecret(test.password)})
			refusal, ok := errors.AsType[*credential.Refusal](err)
			if !ok || refusal.Kind != test.want || refusal.Dependency != "Postgres" {
				t.Errorf("got %v, want a refusal of kind %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

func TestAPostgresThatIsAwayIsNoRefusal(t *testing.T) {
	t.Parallel()
	_, err := database.Open(t.Context(), database.Options{URL: "postgres://skald@127.0.0.1:1/skald", Password: credential.NewSecret(password)})
	if err == nil || errors.Is(err, credential.ErrRefused) || strings.Contains(err.Error(), password) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsWrongWithACredentialsFileIsSaid(t *testing.T) {
	t.Parallel()
	const base = "postgres://skald@127.0.0.1:1/skald"
	for want, o := range map[string]database.Options{
		"TLS: open /does/not/exist: no such file or directory":              {URL: base + "?sslmode=verify-full&sslrootcert=/does/not/exist"},
		"password: secret: open /does/not/exist: no such file or directory": {URL: base, Password: credential.SecretFile("/does/not/exist")},
		"a password is in the URL, and another is given: leave one out":     {URL: "postgres://skald:" + password + "@127.0.0.1:1/skald", Password: credential.NewSecret(password)},
	} {
		_, err := database.Open(t.Context(), o)
		if err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), password) {
			t.Errorf("got %v, want …%s", err, want)
		}
	}
}

func TestAURLsPasswordIsFoundWhereverItStands(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"postgres://skald@db.example/skald":                    false,
		"postgres://skald@db.example/skald?sslmode=require":    false,
		"postgres://skald:p@db.example/skald":                  true,
		"postgres://db.example/skald?user=skald&password=p":    true,
		"postgres://db.example/skald?sslpassword=p":            true,
		"sqlite:/var/lib/a@b.db":                               false,
		"postgres://skald@db.example/a%20b?application_name=x": false,
	} {
		if got := database.HasPassword(raw); got != want {
			t.Errorf("%s: %v, want %v", raw, got, want)
		}
	}
}

func securePostgres(t *testing.T) (*authority.Authority, *databasetest.SecurePostgres) {
	t.Helper()
	ca, err := authority.Open(t.TempDir())
	must(t, err)
	own, err := ca.Server("postgres")
	must(t, err)
	server := databasetest.StartSecurePostgres(t, databasetest.Security{Certificate: own.Certificate, Key: own.Key, CA: ca.Certificate()})
	server.Exec(t, "ALTER USER skald PASSWORD '"+password+"'")
	return ca, server
}

// at is a URL with parameters given as name, value, name, value, …
func at(server *databasetest.SecurePostgres, user string, parameters ...string) string {
	query := url.Values{}
	for n := 0; n+1 < len(parameters); n += 2 {
		query.Set(parameters[n], parameters[n+1])
	}
	return (&url.URL{Scheme: "postgres", User: url.User(user), Host: server.Address, Path: "/postgres", RawQuery: query.Encode()}).String()
}

func put(t *testing.T, file, content string) {
	t.Helper()
	must(t, os.WriteFile(file, []byte(content), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
