package database

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	goosedb "github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

// A process that finds another one migrating asks again every lockProbe
// seconds, lockProbes times at most.
const (
	lockProbe  = 1
	lockProbes = 300
)

// Migrate brings the schema to its newest version. Every *.sql file at the top
// of files is one migration, named "0001_what.sql" and run in a transaction of
// its own; table remembers which have run. In the text, {{identity}} stands for
// the dialect's Identity. Two processes that migrate Postgres at once wait for
// each other.
func (d *DB) Migrate(ctx context.Context, files fs.FS, table string) error {
	migrations, err := d.migrations(files)
	if err != nil {
		return err
	}
	provider, err := d.migrator(table, migrations)
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", table, err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", table, err)
	}
	return nil
}

func (d *DB) migrator(table string, migrations []*goose.Migration) (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	if d.dialect.Name == postgresDialect.Name {
		dialect = goose.DialectPostgres
	}
	store, err := goosedb.NewStore(dialect, table)
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{
		goose.WithStore(store), goose.WithGoMigrations(migrations...), goose.WithDisableGlobalRegistry(true),
	}
	if dialect == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockProbe, lockProbes))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider("", d.write, nil, options...)
}

func (d *DB) migrations(files fs.FS) ([]*goose.Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	migrations := make([]*goose.Migration, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		number, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s: name must begin with a number and an underscore", name)
		}
		migrations = append(migrations, d.migration(version, string(text)))
	}
	return migrations, nil
}

func (d *DB) migration(version int64, text string) *goose.Migration {
	statements := strings.ReplaceAll(text, "{{identity}}", d.dialect.Identity)
	return goose.NewGoMigration(version, &goose.GoFunc{
		RunTx: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statements)
			return err
		},
	}, nil)
}
