package store

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

var prunedPublication = sqlText("pruned publication", `SELECT last FROM publications WHERE name = 'pruned'`)

// PrunedPublication is the highest publication that was pruned, 0 before the
// first. Whoever reads on behind it, or behind a later one, misses nothing.
func (s *Store) PrunedPublication(ctx context.Context) (int64, error) {
	var last int64
	_, err := s.scan(ctx, prunedPublication, []any{&last})
	return last, err
}

var selectDigest = sqlText("select digest", `SELECT digest IS NOT NULL FROM orders WHERE id = $1`)

// unlessPruned is ErrPruned when the order's details are gone. An order has one
// event at least, so only who found none needs to ask; and since both go in one
// transaction, asking afterwards is soon enough.
func (s *Store) unlessPruned(ctx context.Context, orderID string) error {
	var pruned bool
	if _, err := s.scan(ctx, selectDigest, []any{&pruned}, orderID); err != nil {
		return err
	}
	if pruned {
		return fmt.Errorf("order %s: %w", orderID, skald.ErrPruned)
	}
	return nil
}

var (
	selectPrunedKeys = sqlText("list pruned keys", `SELECT key FROM pruned_keys ORDER BY key LIMIT $1`)
	dropPrunedKey    = sqlText("drop pruned key", `DELETE FROM pruned_keys WHERE key = $1`)
)

// PrunedKeys lists provider keys of pruned orders that nobody has dropped.
func (s *Store) PrunedKeys(ctx context.Context, limit int) ([]string, error) {
	var keys []string
	err := s.each(ctx, selectPrunedKeys, func(scan func(...any) error) error {
		var key string
		err := scan(&key)
		keys = append(keys, key)
		return err
	}, limit)
	return keys, err
}

// DropPrunedKeys notes that the sandbox has forgotten these keys.
func (s *Store) DropPrunedKeys(ctx context.Context, keys []string) error {
	return s.inTx(ctx, func(t *tx) error {
		for _, key := range keys {
			if _, err := t.exec(dropPrunedKey, key); err != nil {
				return err
			}
		}
		return nil
	})
}
