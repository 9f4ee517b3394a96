package database_test

import (
	"testing"

	"github.com/skald-saga/skald/internal/database/databasetest"
)

// TestOnBothEngines shares one Postgres server among all tests that need one.
func TestOnBothEngines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		test func(t *testing.T, engine databasetest.Engine)
	}{
		{"a transaction commits when its work succeeds, and not otherwise", commits},
		{"a panic in a transaction leaves the database usable", panics},
		{"a transaction that met another in a deadlock runs again", deadlocks},
		{"a serialization failure runs again", serializes},
		{"a busy file runs again", busies},
		{"an aborted transaction is not run without end", givesUp},
		{"a canceled context ends the waiting", cancels},
		{"migrating twice changes nothing", migratesTwice},
		{"two processes migrate at once", migratesAtOnce},
		{"a migration that fails leaves nothing and says which", migrationFails},
		{"a migration with an unknown name is refused", migrationNames},
		{"looking at the version changes nothing", looksOnly},
		{"an older program goes on with a newer schema of its thousand, and with no other", rollsBack},
		{"the clock counts microseconds since 1970", clock},
	}
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				test.test(t, engine)
			})
		}
	})
}
