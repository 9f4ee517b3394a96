package sandbox

import (
	"context"
	"database/sql"
	"fmt"
)

// Forget deletes what both services know under these keys. A request with one of
// them is a new one from then on: forget a key only when nobody can ask again.
func (s *Sandbox) Forget(ctx context.Context, keys []string) error {
	for _, service := range []*ledger{s.charges, s.bookings} {
		if err := service.forget(ctx, keys); err != nil {
			return err
		}
	}
	return nil
}

func (l *ledger) forget(ctx context.Context, keys []string) error {
	err := l.db.InTx(ctx, func(tx *sql.Tx) error {
		for _, id := range keys {
			if _, err := tx.ExecContext(ctx, `DELETE FROM sandbox_keys WHERE service = $1 AND call_key = $2`, l.service, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget sandbox %s keys: %w", l.service, err)
	}
	return nil
}

// Deleted lists the tables from which rows are deleted.
func Deleted() []string { return []string{"sandbox_keys"} }
