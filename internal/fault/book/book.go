// Package book keeps what all processes must know about injected faults: the
// rules (fault.Source), how often a limited rule has fired (fault.Counter), what
// fired (fault.Sink), and whether everything is halted.
//
// It has a database handle of its own, around which nothing is injected. On
// SQLite it also has a file of its own: a fault may strike while the store's one
// write transaction is open, and must be counted and logged before it does, so
// in the store's file it would wait for itself. On Postgres its tables lie beside
// the store's, and no transaction of the book touches a row of the store.
package book

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/skald-saga/skald/internal/database"
)

//go:embed migration/*.sql
var migrations embed.FS

const migrationTable = "fault_migrations"

// Options say how a Book works. The zero value of a field means its default.
type Options struct {
	// MaxFires bounds the log: DefaultMaxFires by default. The oldest go first.
	MaxFires int64
	// Alone says that no other process writes to the database, as on SQLite. Then
	// nobody is asked whether a fault struck before one has fired.
	Alone  bool
	Logger *slog.Logger // default slog.Default()
}

// DefaultMaxFires is how many firings are kept.
const DefaultMaxFires = 10_000

// Validate names the first field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	if o.MaxFires < 0 {
		return fmt.Errorf("fault book: MaxFires is %d: must not be negative", o.MaxFires)
	}
	return nil
}

// Book keeps rules, counts and firings in one database. It is safe for
// concurrent use, on Postgres by several processes too.
type Book struct {
	o       Options
	db      *database.DB
	changed chan struct{}
	silent  atomic.Bool // nothing has ever fired, and only this process could
}

// Open brings the book's tables in db up to date. The caller keeps db, and closes
// it when the book is no longer used.
func Open(ctx context.Context, db *database.DB, o Options) (*Book, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.MaxFires == 0 {
		o.MaxFires = DefaultMaxFires
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if err := Migrate(ctx, db); err != nil {
		return nil, err
	}
	b := &Book{o: o, db: db, changed: make(chan struct{}, 1)}
	if !o.Alone {
		return b, nil
	}
	fires, err := b.Fires(ctx, Query{Limit: 1})
	b.silent.Store(len(fires) == 0)
	return b, err
}

// Migrate brings the book's tables in db up to date, as Open does. Where they are
// that already it changes nothing, so that whoever opens a book later need not
// have the right to make tables.
func Migrate(ctx context.Context, db *database.DB) error {
	files, err := migrationFiles()
	if err != nil {
		return err
	}
	return db.Migrate(ctx, files, migrationTable)
}

// Version is how far the book's tables in db are. It changes nothing.
func Version(ctx context.Context, db *database.DB) (database.Version, error) {
	files, err := migrationFiles()
	if err != nil {
		return database.Version{}, err
	}
	return db.Version(ctx, files, migrationTable)
}

func migrationFiles() (fs.FS, error) {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		return nil, fmt.Errorf("fault migrations: %w", err)
	}
	return files, nil
}

// Changed receives after this process has changed the rules or the switch.
func (b *Book) Changed() <-chan struct{} { return b.changed }

func (b *Book) write(ctx context.Context, work func(tx *sql.Tx) error) error {
	if err := b.db.InTx(ctx, work); err != nil {
		return err
	}
	select {
	case b.changed <- struct{}{}:
	default: // one is waiting already, and will see this too
	}
	return nil
}

// sql fills in the database's clock.
func (b *Book) sql(text string) string {
	return strings.ReplaceAll(text, "{{now}}", b.db.Dialect().Now)
}

func flag(set bool) int64 {
	if set {
		return 1
	}
	return 0
}
