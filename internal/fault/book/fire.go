package book

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/skald-saga/skald/internal/fault"
)

// countsKept is for how long a count is kept that nobody touches: longer than
// any rule lives.
const countsKept = 2 * fault.MaxTTL

// bookTimeout bounds how long a fault waits to be counted or logged.
const bookTimeout = 2 * time.Second

// Take implements fault.Counter.
func (b *Book) Take(ctx context.Context, key string, limit int) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, bookTimeout)
	defer cancel()
	var taken int64
	err := b.db.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, b.sql(`DELETE FROM fault_counts WHERE touched_at < {{now}} - $1`), countsKept.Microseconds())
		if err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, b.sql(`INSERT INTO fault_counts (name, taken, touched_at) VALUES ($1, 1, {{now}})
			ON CONFLICT (name) DO UPDATE SET taken = fault_counts.taken + 1, touched_at = excluded.touched_at
			WHERE fault_counts.taken < $2`), key, limit)
		if err != nil {
			return err
		}
		taken, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return false, fmt.Errorf("count fault %s: %w", key, err)
	}
	return taken == 1, nil
}

// Fired implements fault.Sink. A caller that gave up is logged all the same.
func (b *Book) Fired(ctx context.Context, firing fault.Firing) {
	b.silent.Store(false) // before it is in the log: whoever asks then may find it
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookTimeout)
	defer cancel()
	if err := b.db.InTx(ctx, func(tx *sql.Tx) error { return b.log(ctx, tx, firing) }); err != nil {
		b.o.Logger.WarnContext(ctx, "a fault fired that could not be logged", "rule", firing.Rule, "order", firing.Order, "error", err)
	}
}

func (b *Book) log(ctx context.Context, tx *sql.Tx, f fault.Firing) error {
	var position int64
	err := tx.QueryRowContext(ctx, `INSERT INTO fault_fires
		(rule, point, phase, order_id, attempt, within, fault, kind, carried, fired_at, process)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING position`,
		f.Rule, f.Point, f.Phase, f.Order, f.Attempt, f.Within, f.Fault, f.Kind, flag(f.Carried), f.At.UnixMicro(), f.Process).Scan(&position)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM fault_fires WHERE position <= $1`, position-b.o.MaxFires); err != nil {
		return err
	}
	if f.Carried { // it is in no list, and may be called like one that is
		return nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE fault_rules SET fired = fired + 1 WHERE name = $1`, f.Rule)
	return err
}
