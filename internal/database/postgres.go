package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/skald-saga/skald/internal/credential"
)

// connectTimeout bounds the making of a connection when the URL has no
// connect_timeout. database/sql opens some in the background, on nobody's time,
// and one after the other: without a bound, a server that took connections and
// did not answer would leave the pool full of them when it is well again.
const connectTimeout = 5 * time.Second

// openPostgres reads the URL, its TLS files and the password for each new
// connection: what was rotated is used by the next one.
func openPostgres(o Options) (*DB, error) {
	config, err := postgresConfig(o)
	if err != nil {
		return nil, err
	}
	fresh := stdlib.OptionBeforeConnect(func(_ context.Context, connecting *pgx.ConnConfig) error {
		now, err := postgresConfig(o)
		if err == nil {
			*connecting = *now
		}
		return err
	})
	db := pool(o, stdlib.GetConnector(*config, fresh), o.MaxConns)
	return &DB{dialect: postgresDialect, write: db, read: db}, nil
}

func postgresConfig(o Options) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		if file, ok := errors.AsType[*fs.PathError](err); ok { // of sslrootcert, sslcert or sslkey
			return nil, fmt.Errorf("TLS: %w", file)
		}
		return nil, errors.New("it cannot be parsed; check user, host, port and parameters, and that TLS files are PEM") // err may hold parts of the password
	}
	if o.Dial != nil {
		config.DialFunc = o.Dial
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if o.Password.IsZero() {
		return config, nil
	}
	if HasPassword(o.URL) {
		return nil, errors.New("a password is in the URL, and another is given: leave one out")
	}
	if config.Password, err = o.Password.Reveal(); err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	return config, nil
}

// Codes of SQLSTATE class 28, and the texts by which Postgres says what it
// missed.
const (
	invalidAuthorization = "28000"
	invalidPassword      = "28P01"
)

// postgresRefusal makes a *credential.Refusal of an error that says that
// Postgres answered and would not have us.
func postgresRefusal(o Options, err error) error {
	kind, is := postgresKind(err)
	if !is {
		return err
	}
	refusal := &credential.Refusal{Dependency: "Postgres", Kind: kind, Err: err}
	if config, parseErr := pgx.ParseConfig(o.URL); parseErr == nil {
		refusal.Address = net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	}
	return refusal
}

func postgresKind(err error) (credential.Kind, bool) {
	failure, answered := errors.AsType[*pgconn.PgError](err)
	switch {
	case !answered && strings.Contains(err.Error(), "server refused TLS connection"): // pgconn has no value for it
		return credential.KindNoTLS, true
	case !answered:
		return credential.KindOf(err)
	case failure.Code == invalidPassword:
		return credential.KindWrong, true
	case failure.Code != invalidAuthorization:
		return "", false
	case strings.Contains(failure.Message, "no encryption"):
		return credential.KindWantsTLS, true
	case strings.Contains(failure.Message, "certificate"):
		return credential.KindOurs, true
	}
	return credential.KindWrong, true
}
