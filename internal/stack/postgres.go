package stack

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// superuser owns every database of the stack.
const superuser = "skald"

// Database is the database that is there for skald.
const Database = "skald"

// Postgres is one server, for skald and for Temporal.
type Postgres struct {
	*server
	initdb command
	data   string
	port   int
}

func newPostgres(o Options, port int, f *folder) *Postgres {
	p := &Postgres{data: f.join("postgres", "data"), port: port}
	base := command{dir: f.join("postgres"), log: f.join("postgres.log"), stop: syscall.SIGINT} // SIGTERM would wait for every client to leave
	p.initdb = base
	p.initdb.path = filepath.Join(o.Tools.Postgres, "initdb")
	p.initdb.args = []string{"-D", p.data, "-U", superuser, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"}
	server := base
	server.path = filepath.Join(o.Tools.Postgres, "postgres")
	server.inherits = []*os.File{f.lock}
	server.args = []string{
		"-D", p.data, "-p", strconv.Itoa(port), "-k", "", // no Unix socket: its path may be too long
		"-c", "listen_addresses=" + loopback, "-c", "max_connections=300",
	}
	p.server = newServer(o, "Postgres", server, port, f)
	p.probe = p.answers
	return p
}

// URL is skald's database.
func (p *Postgres) URL() string { return p.url(Database) }

func (p *Postgres) url(database string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", superuser, p.address, database)
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
	if account != nil {
		if err := os.Chown(p.command.dir, int(account.Uid), int(account.Gid)); err != nil {
			return err
		}
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

// answers is the probe. It also makes skald's database.
func (p *Postgres) answers(ctx context.Context) error {
	return p.with("postgres", func(db *sql.DB) error {
		if err := db.PingContext(ctx); err != nil {
			return err
		}
		return createDatabase(ctx, db, Database)
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

func createDatabase(ctx context.Context, db *sql.DB, name string) error {
	_, err := db.ExecContext(ctx, "CREATE DATABASE "+name)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == duplicateDatabase {
		return nil
	}
	return err
}
