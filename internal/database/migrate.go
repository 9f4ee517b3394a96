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
// the dialect's Identity and {{key is the row}} for its KeyIsTheRow. Two
// processes that migrate Postgres at once wait for each other.
//
// A schema that is newer than files is left as it is, so that the version of
// before an upgrade can be started again. It errors with ErrTooNew when that
// cannot work; see Version.
func (d *DB) Migrate(ctx context.Context, files fs.FS, table string) error {
	version, err := d.Version(ctx, files, table)
	switch {
	case err != nil:
		return err
	case !version.Usable():
		return fmt.Errorf("migrate %s: %w: it has version %d, and this program works up to %d", table, ErrTooNew, version.Found, version.lastUsable())
	case version.Found >= version.Wanted:
		return nil
	}
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
		version, err := numberOf(name)
		if err != nil {
			return nil, err
		}
		migrations = append(migrations, d.migration(version, string(text)))
	}
	return migrations, nil
}

func numberOf(name string) (int64, error) {
	number, _, _ := strings.Cut(name, "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil || version < 1 {
		return 0, fmt.Errorf("migration %s: name must begin with a number from 1 and an underscore", name)
	}
	return version, nil
}

func (d *DB) migration(version int64, text string) *goose.Migration {
	tokens := strings.NewReplacer("{{identity}}", d.dialect.Identity, "{{key is the row}}", d.dialect.KeyIsTheRow)
	statements := tokens.Replace(text)
	return goose.NewGoMigration(version, &goose.GoFunc{
		RunTx: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statements)
			return err
		},
	}, nil)
}
