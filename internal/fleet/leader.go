package fleet

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// ErrNoLeader says that nobody holds the relay's lease now.
var ErrNoLeader = errors.New("no relay leads")

const (
	roleRelay        = "relay"
	variableDatabase = "SKALD_DATABASE"
)

// Holder is who holds the relay's lease now by the database's own word and
// clock, in the words of the relay: its host, its process ID and a name that is
// never used again. It errors with ErrNoLeader when the lease is free or over.
func (f *Fleet) Holder(ctx context.Context) (string, error) {
	db, err := f.database()
	if err != nil {
		return "", err
	}
	var holder string
	err = db.QueryRowContext(ctx, `
		SELECT holder FROM relay_lease
		WHERE name = 'relay' AND expires_at > extract(epoch FROM clock_timestamp()) * 1000000`).Scan(&holder)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoLeader
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return "", fmt.Errorf("who holds the relay's lease: %w", err)
	}
	return holder, nil
}

var holderPID = regexp.MustCompile(`-(\d+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Leader is the replica that holds the relay's lease. It errors with ErrNoLeader
// also when the holder is none of this fleet's that run: one that was killed
// holds it until it is over.
func (f *Fleet) Leader(ctx context.Context) (*Process, error) {
	holder, err := f.Holder(ctx)
	if err != nil {
		return nil, err
	}
	found := holderPID.FindStringSubmatch(holder)
	if found == nil {
		return nil, fmt.Errorf("the relay's lease is held by %q, which names no process", holder)
	}
	for _, p := range f.WithRole(roleRelay) {
		if strconv.Itoa(p.PID()) == found[1] {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: the lease is %s's", ErrNoLeader, holder)
}

// database is skald's, as its relay sees it.
func (f *Fleet) database() (*sql.DB, error) {
	for _, s := range f.services {
		if s.has(roleRelay) {
			return sql.Open("pgx", f.o.place(s, "")[variableDatabase])
		}
	}
	return nil, errors.New("no service has the role relay")
}
