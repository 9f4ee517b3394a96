package storetest

import (
	"fmt"
	"testing"

	"github.com/skald-saga/skald/internal/database/databasetest"
)

func testForget(t *testing.T, s *shop) {
	t.Run("keys that ran out are deleted as others are taken, oldest first", func(t *testing.T) {
		for n, expires := range []int64{3, 1, 2, 1 << 60} {
			_, err := s.db.Writer().ExecContext(t.Context(),
				`INSERT INTO idempotency_keys (scope, key, body_hash, order_id, expires_at) VALUES ('old', $1, '', '', $2)`, fmt.Sprint(n), expires)
			must(t, err)
		}
		for _, left := range [][]string{{"0", "3"}, {"3"}, {"3"}} {
			order := s.order()
			equal(t, "placed", s.placing(order, key("new "+order.ID, "body"))(t.Context()), "placed "+order.ID+" accepted")
			equal(t, "old keys", s.rows(t, `SELECT key FROM idempotency_keys WHERE scope = 'old' ORDER BY key`), left)
		}
	})
	t.Run("deleting old keys waits for nobody", func(t *testing.T) {
		if s.db.Dialect().LockRow == "" {
			t.Skip("this engine has one writer, so there is nobody to wait for")
		}
		_, err := s.db.Writer().ExecContext(t.Context(),
			`INSERT INTO idempotency_keys (scope, key, body_hash, order_id, expires_at) VALUES ('old', 'held', '', '', 1)`)
		must(t, err)
		first, second := s.order(), s.order()
		ctx, hold := databasetest.HoldBefore(t.Context(), databasetest.Commit, 1)
		defer hold.Release()
		one := start(ctx, s.placing(first, key("k5", "body")))
		hold.Await(t)
		equal(t, "second", s.placing(second, key("k6", "body"))(t.Context()), "placed "+second.ID+" accepted")
		hold.Release()
		equal(t, "first", <-one, "placed "+first.ID+" accepted")
		equal(t, "old keys", s.rows(t, `SELECT key FROM idempotency_keys WHERE key = 'held'`), []string(nil))
	})
}
