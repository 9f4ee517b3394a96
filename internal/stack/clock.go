package stack

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"
)

// movedBy are the variables with which a program's clock is moved by what the
// file says, from the moment it says it: time of day only. Clocks that measure
// durations go on, as they do when a machine's clock is set; so do the times of
// files.
func movedBy(library, file string) []string {
	return []string{
		"LD_PRELOAD=" + library, "FAKETIME_TIMESTAMP_FILE=" + file, "FAKETIME_NO_CACHE=1",
		"FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1", "NO_FAKE_STAT=1",
	}
}

// MoveClock sets the clock of a running Postgres off by that much, until it is
// called again; 0 sets it right. Every process of it sees the new time at once.
// Without Options.PostgresClock it only accepts 0.
func (p *Postgres) MoveClock(by time.Duration) error {
	if p.clock == "" {
		if by != 0 {
			return fmt.Errorf("Postgres runs by the machine's clock: it cannot be moved by %s", by)
		}
		return nil
	}
	// A reader must never find half of it: the file is put into place whole.
	draft := p.clock + ".draft"
	if err := os.WriteFile(draft, fmt.Appendf(nil, "%+d\n", int64(by/time.Second)), 0o600); err != nil {
		return err
	}
	if err := os.Chmod(draft, 0o644); err != nil { //nolint:gosec // root's Postgres is another user
		return err
	}
	return os.Rename(draft, p.clock)
}

// Clock is the time that Postgres has.
func (p *Postgres) Clock(ctx context.Context) (now time.Time, err error) {
	err = p.with("postgres", func(db *sql.DB) error { return db.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&now) })
	return now, err
}
