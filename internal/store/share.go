package store

import (
	"context"
	"database/sql"
)

// share is the part of the writer's connections that new orders and receipts
// have between them. It holds a token for each that has one. With all of them, a
// flood of new orders that is stuck in the database would leave nobody a
// connection to read or cancel an order, or to ask whether the database is well.
type share chan struct{}

// shareOf is three quarters of writer's connections. SQLite has one: there, one
// newcomer works, one waits behind it, and all others wait here.
func shareOf(writer *sql.DB) share {
	return make(share, max(2, writer.Stats().MaxOpenConnections*3/4))
}

// inTx is Store.inTx when it is the newcomer's turn. It errors as ctx does when
// that ends before; nothing was done then.
func (n share) inTx(ctx context.Context, s *Store, work func(t *tx) error) error {
	select {
	case n <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-n }()
	return s.inTx(ctx, work)
}
