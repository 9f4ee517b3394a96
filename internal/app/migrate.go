package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/fault/book"
	"github.com/skald-saga/skald/internal/provider/sandbox"
	"github.com/skald-saga/skald/internal/store"
)

// ErrNewerSchema says that the tables are of a newer program, so that there is
// nothing that this one could migrate.
var ErrNewerSchema = errors.New("the tables are newer than this program")

// SchemaVersion is how far one set of tables is.
type SchemaVersion struct {
	Schema   string `json:"schema"`   // "orders", "ledger" or "faults"
	Database string `json:"database"` // its URL, without password
	Found    int64  `json:"found"`    // 0: there are none
	Wanted   int64  `json:"wanted"`   // by this program
	// Usable says that this program works with them, once they are migrated when
	// they are older.
	Usable bool `json:"usable"`
	// Optional says that skald works without them unless failure injection is on.
	Optional bool `json:"optional,omitempty"`
}

// SchemaVersions looks how far the tables are, and changes nothing.
func SchemaVersions(ctx context.Context, c Config) ([]SchemaVersion, error) {
	c = c.withDefaults()
	var versions []SchemaVersion
	for _, t := range c.tables() {
		version, err := t.look(ctx)
		if err != nil {
			return nil, err
		}
		versions = append(versions, version)
	}
	return versions, nil
}

// Migrate brings the tables to this program's version, and returns how far they
// were before and are after. Several may do so at once: the second waits and
// finds nothing to do. It changes nothing and errors with ErrNewerSchema when
// some of them are newer.
func Migrate(ctx context.Context, c Config) (before, after []SchemaVersion, err error) {
	if before, err = SchemaVersions(ctx, c); err != nil {
		return nil, nil, err
	}
	for _, version := range before {
		if version.Found > version.Wanted {
			return before, nil, fmt.Errorf("%s: %w: version %d, and this program's is %d", version.Schema, ErrNewerSchema, version.Found, version.Wanted)
		}
	}
	c = c.withDefaults()
	for _, t := range c.tables() {
		if err := t.migrate(ctx); err != nil {
			return before, nil, err
		}
	}
	after, err = SchemaVersions(ctx, c)
	return before, after, err
}

// tables are one set of them, and where it is.
type tables struct {
	name     string
	url      string
	password credential.Secret
	version  func(context.Context, *database.DB) (database.Version, error)
	raise    func(context.Context, *database.DB) error
}

func (c Config) tables() []tables { return []tables{c.orders(), c.ledger(), c.faultBook()} }

func (c Config) orders() tables {
	return tables{"orders", c.Database, c.DatabasePassword, store.Version, store.Migrate}
}

func (c Config) ledger() tables {
	return tables{"ledger", c.Ledger, c.LedgerPassword, sandbox.Version, sandbox.Migrate}
}

// faultBook is made wherever the others are: who turns failure injection on later
// may not be allowed to make tables.
func (c Config) faultBook() tables {
	return tables{faultTables, faultDatabase(c.Database), c.DatabasePassword, book.Version, book.Migrate}
}

const faultTables = "faults"

func (t tables) open(ctx context.Context) (*database.DB, error) {
	return database.Open(ctx, database.Options{URL: t.url, Password: t.password})
}

// openThere is open, but an SQLite file that is not there is not made.
func (t tables) openThere(ctx context.Context) (*database.DB, error) {
	if file, is := strings.CutPrefix(t.url, "sqlite:"); is {
		if _, err := os.Stat(strings.TrimPrefix(file, "//")); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("open database %s: %w", t.url, errNoFile)
		}
	}
	return t.open(ctx)
}

var errNoFile = errors.New("there is no SQLite file yet")

// look does not make an SQLite file: where there is none, there are no tables.
func (t tables) look(ctx context.Context) (SchemaVersion, error) {
	found := SchemaVersion{Schema: t.name, Database: database.Redact(t.url), Usable: true, Optional: t.name == faultTables}
	db, err := t.openThere(ctx)
	if errors.Is(err, errNoFile) {
		db, err = database.Open(ctx, database.Options{URL: "sqlite::memory:"})
	}
	if err != nil {
		return found, err
	}
	version, err := t.version(ctx, db)
	found.Found, found.Wanted, found.Usable = version.Found, version.Wanted, version.Usable()
	return found, errors.Join(err, db.Close())
}

func (t tables) migrate(ctx context.Context) error {
	db, err := t.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(t.raise(ctx, db), db.Close())
}
