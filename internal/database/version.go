package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// ErrTooNew says that tables were changed by a newer program in a way that this
// one cannot work with.
var ErrTooNew = errors.New("the schema is too new for this program")

// generation is how migrations say what an older program may do with their
// outcome. Within one thousand they only add what it need not know: it goes on
// working, so processes of two versions run side by side during an upgrade, and
// the older one can be brought back after it. A migration that an older program
// cannot work with begins the next thousand.
const generation = 1000

// Version is how far the tables of a schema are.
type Version struct {
	// Found is the newest migration that has run, 0 when there are no tables.
	Found int64
	// Wanted is the newest that this program knows.
	Wanted int64
}

// Usable reports whether a program that wants Wanted works with what was found,
// after migrating it when it is older.
func (v Version) Usable() bool { return v.Found <= v.lastUsable() }

func (v Version) lastUsable() int64 { return v.Wanted/generation*generation + generation - 1 }

// Version looks how far the schema is whose migrations are files, and changes
// nothing. It errors when table is there and cannot be read.
func (d *DB) Version(ctx context.Context, files fs.FS, table string) (Version, error) {
	var version Version
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return version, fmt.Errorf("list migrations: %w", err)
	}
	for _, name := range names {
		number, err := numberOf(name)
		if err != nil {
			return version, err
		}
		version.Wanted = max(version.Wanted, number)
	}
	var tables int
	if err := d.read.QueryRowContext(ctx, d.dialect.countTables, table).Scan(&tables); err != nil {
		return version, fmt.Errorf("look for %s: %w", table, err)
	}
	if tables == 0 {
		return version, nil
	}
	// In the order of id the last word on a migration counts, but skald never
	// takes one back.
	err = d.read.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+table+` WHERE is_applied`).Scan(&version.Found)
	if err != nil {
		return version, fmt.Errorf("read %s: %w", table, err)
	}
	return version, nil
}
