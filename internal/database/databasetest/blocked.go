package databasetest

import (
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/database"
)

// Queue tells when a transaction of a database waits for another one.
type Queue struct {
	db     *database.DB
	before int64
}

// WatchQueue counts from now.
func WatchQueue(db *database.DB) Queue {
	before, _ := db.Waits()
	return Queue{db: db, before: before}
}

// Await returns when a transaction waits: on Postgres for a lock, on SQLite for
// the one writer connection.
func (q Queue) Await(t testing.TB) {
	t.Helper()
	Eventually(t, "a transaction waits", func() bool {
		if q.db.Dialect().Name == "sqlite" {
			now, _ := q.db.Waits()
			return now > q.before
		}
		var waiting int
		err := q.db.Read().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			t.Fatalf("look for waiting transactions: %v", err)
		}
		return waiting > 0
	})
}

// Eventually polls condition until it holds, and fails the test when it does not
// hold for long.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %s", patience, what)
		}
		<-tick.C
	}
}
