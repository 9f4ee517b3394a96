package store

import (
	"context"

	"github.com/skald-saga/skald/internal/database"
)

// OpenWithoutLock opens a store whose transactions read the order row without
// locking it, to show what the lock is for.
func OpenWithoutLock(ctx context.Context, db *database.DB) (*Store, error) {
	s, err := Open(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := release(s.prepared); err != nil {
		return nil, err
	}
	dialect := db.Dialect()
	dialect.LockRow = ""
	s.prepared, err = prepare(ctx, db.Writer(), dialect)
	return s, err
}
