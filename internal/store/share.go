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

// shareOf is three quarters of writer's connections, nil of a single one.
func shareOf(writer *sql.DB) share {
	most := writer.Stats().MaxOpenConnections
	if most == 1 {
		return nil
	}
	return make(share, max(1, most*3/4))
}

// inTx is Store.inTx when it is the newcomer's turn. It errors as ctx does when
// that ends before; nothing was done then.
//
// SQLite's one connection has no shares: there a newcomer comes before sagas,
// which have their time, while its customer waits. Without it, it waits behind
// every saga that is under way, and a burst of orders is refused although there
// would be time to write them down.
func (n share) inTx(ctx context.Context, s *Store, work func(t *tx) error) error {
	if n == nil {
		return s.in(ctx, s.db.InUrgentTx, work)
	}
	select {
	case n <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-n }()
	return s.inTx(ctx, work)
}
