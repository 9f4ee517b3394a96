package stack

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/skald-saga/skald/internal/stack/authority"
)

// Database is the database that is there for skald.
const Database = "skald"

// Postgres is one server, for skald and for Temporal.
type Postgres struct {
	*server
	initdb   command
	data     string
	security *security
	identity authority.Identity // of the server, where it can read it
	access   string             // file that says who may enter, and how
	clock    string             // file that moves its clock; empty when nothing can
}

func newPostgres(o Options, port int, secured *security, f *folder) *Postgres {
	p := &Postgres{
		security: secured, data: o.inPostgres("data"), access: o.inPostgres("pg_hba.conf"),
		identity: authority.Identity{Certificate: o.inPostgres("server.pem"), Key: o.inPostgres("server.key")},
	}
	base := command{dir: o.PostgresDir, log: f.join("postgres.log"), stop: syscall.SIGINT} // SIGTERM would wait for every client to leave
	p.initdb = base
	p.initdb.path = filepath.Join(o.Tools.Postgres, "initdb")
	p.initdb.args = []string{"-D", p.data, "-U", p.superuser(), "--auth=" + p.initialAccess(), "--encoding=UTF8", "--locale=C", "--no-sync"}
	server := base
	server.path = filepath.Join(o.Tools.Postgres, "postgres")
	server.inherits = []*os.File{f.lock}
	server.args = append([]string{
		"-D", p.data, "-p", strconv.Itoa(port), "-k", "", // no Unix socket: its path may be too long
		"-c", "listen_addresses=" + loopback, "-c", "max_connections=300",
	}, p.securityArgs()...)
	if o.PostgresClock {
		p.clock = f.join("postgres.clock")
		server.env = movedBy(o.Tools.FakeTime, p.clock)
	}
	p.server = newServer(o, "Postgres", server, port, f)
	p.probe = p.answers
	return p
}

// URL is skald's database, as User. On a secured stack it names what proves the
// server, and the password is not in it: see Security.PostgresPassword.
func (p *Postgres) URL() string {
	if p.security == nil {
		return p.url(Database)
	}
	return p.urlOf(User, Database, p.security.query(authority.Identity{}))
}

// url is a database as the superuser.
func (p *Postgres) url(database string) string {
	if p.security == nil {
		return p.urlOf(p.superuser(), database, url.Values{"sslmode": {"disable"}})
	}
	return p.urlOf(p.superuser(), database, p.security.query(p.security.administrator))
}

func (p *Postgres) urlOf(user, database string, query url.Values) string {
	return fmt.Sprintf("postgres://%s@%s/%s?%s", user, p.address, database, query.Encode())
}

// prepare makes the data folder when it is missing. Postgres refuses to run as
// root, so root's runs as another user.
func (p *Postgres) prepare(ctx context.Context) error {
	account, err := unprivileged()
	if err != nil {
		return err
	}
	p.command.as, p.initdb.as = account, account
	if err := os.MkdirAll(p.command.dir, 0o700); err != nil {
		return err
	}
	if err := give(account, p.command.dir); err != nil {
		return err
	}
	if err := errors.Join(p.writeSecurity(account), p.MoveClock(0)); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(p.data, "PG_VERSION")); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	err = p.initdb.run(ctx)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("the user that Postgres runs as cannot enter %s, choose another folder: %w", p.command.dir, err)
	}
	return err
}

// answers is the probe. It also makes skald's database, and with security the
// users.
func (p *Postgres) answers(ctx context.Context) error {
	return p.with("postgres", func(db *sql.DB) error {
		if err := db.PingContext(ctx); err != nil {
			return err
		}
		if err := p.ensureUsers(ctx, db); err != nil {
			return err
		}
		return p.createDatabase(ctx, db, Database, User)
	})
}

func (p *Postgres) with(database string, work func(*sql.DB) error) error {
	db, err := sql.Open("pgx", p.url(database))
	if err != nil {
		return err
	}
	return errors.Join(work(db), db.Close())
}

const duplicateDatabase = "42P04"

// createDatabase makes a database when it is missing. With security it belongs
// to a user of its own.
func (p *Postgres) createDatabase(ctx context.Context, db *sql.DB, name, owner string) error {
	ownership := ""
	if p.security != nil {
		ownership = " OWNER " + owner
	}
	_, err := db.ExecContext(ctx, "CREATE DATABASE "+name+ownership)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == duplicateDatabase {
		return nil
	}
	return err
}
