package database_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
)

func files(named map[string]string) fstest.MapFS {
	all := fstest.MapFS{}
	for name, text := range named {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

var twoMigrations = files(map[string]string{
	"0001_table.sql": `CREATE TABLE thing (id {{identity}}, name TEXT NOT NULL); CREATE INDEX thing_name ON thing (name);`,
	"0002_row.sql":   `INSERT INTO thing (name) VALUES ('only')`,
	"README":         `no migration`,
})

func migratesTwice(t *testing.T, engine databasetest.Engine) {
	db := open(t, engine.Fresh(t))
	first := files(map[string]string{"0001_table.sql": string(twoMigrations["0001_table.sql"].Data)})
	for _, migrations := range []fstest.MapFS{first, twoMigrations, twoMigrations} {
		if err := db.Migrate(t.Context(), migrations, "schema_of_things"); err != nil {
			t.Fatal(err)
		}
	}
	var id, count int64
	if err := db.Read().QueryRowContext(t.Context(), `SELECT max(id), count(*) FROM thing`).Scan(&id, &count); err != nil {
		t.Fatal(err)
	}
	if id != 1 || count != 1 {
		t.Errorf("%d rows up to id %d, want one with id 1", count, id)
	}
}

func migratesAtOnce(t *testing.T, engine databasetest.Engine) {
	if engine.Name == "sqlite" {
		t.Skip("one process at a time owns an SQLite file: the embedded mode locks its folder")
	}
	url := engine.Fresh(t)
	one, two := open(t, url), open(t, url) // two pools, as two processes have
	ctx, hold := databasetest.HoldBefore(t.Context(), "CREATE TABLE thing", 1)
	defer hold.Release()
	ended := make(chan error, 2)
	go func() { ended <- one.Migrate(ctx, twoMigrations, "schema_of_things") }()
	hold.Await(t)
	go func() { ended <- two.Migrate(t.Context(), twoMigrations, "schema_of_things") }()
	databasetest.Eventually(t, "the second asks for the lock", func() bool { return askedForLock(t, two) })
	hold.Release()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	var count int64
	if err := open(t, url).Read().QueryRowContext(t.Context(), `SELECT count(*) FROM thing`).Scan(&count); err != nil {
		t.Fatal(err)
	}
	if count != 1 {
		t.Errorf("%d rows, want the one that the second migration writes once", count)
	}
}

// askedForLock reports whether a connection of the database asked for the
// migration lock last, and now does nothing.
func askedForLock(t *testing.T, db *database.DB) bool {
	t.Helper()
	var waiting int
	err := db.Read().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND state = 'idle' AND query LIKE '%pg_try_advisory_lock%'`).Scan(&waiting)
	if err != nil {
		t.Fatal(err)
	}
	return waiting > 0
}

func migrationFails(t *testing.T, engine databasetest.Engine) {
	db := open(t, engine.Fresh(t))
	broken := files(map[string]string{
		"0001_table.sql":  `CREATE TABLE thing (name TEXT)`,
		"0002_broken.sql": `CREATE TABLE other (name TEXT); INSERT INTO nowhere VALUES (1);`,
	})
	err := db.Migrate(t.Context(), broken, "schema_of_things")
	if err == nil || !strings.Contains(err.Error(), "nowhere") || !strings.Contains(err.Error(), "schema_of_things") {
		t.Errorf("got %v", err)
	}
	if _, err := db.Read().ExecContext(t.Context(), `SELECT name FROM thing`); err != nil {
		t.Errorf("the first migration is gone: %v", err)
	}
	if _, err := db.Read().ExecContext(t.Context(), `SELECT name FROM other`); err == nil {
		t.Error("half of the second migration is there")
	}
}

func migrationNames(t *testing.T, engine databasetest.Engine) {
	db := open(t, engine.Fresh(t))
	for _, name := range []string{"table.sql", "v1_table.sql", "0000_table.sql", "-1_table.sql"} {
		err := db.Migrate(t.Context(), files(map[string]string{name: `CREATE TABLE thing (name TEXT)`}), "schema_of_things")
		if err == nil {
			t.Errorf("%s was run", name)
		}
	}
	twice := files(map[string]string{"0001_a.sql": `CREATE TABLE a (n BIGINT)`, "1_b.sql": `CREATE TABLE b (n BIGINT)`})
	if err := db.Migrate(t.Context(), twice, "schema_of_things"); err == nil {
		t.Error("two migrations with one number were run")
	}
}

func clock(t *testing.T, engine databasetest.Engine) {
	db := open(t, engine.Fresh(t))
	before := time.Now()
	var now int64
	if err := db.Read().QueryRowContext(t.Context(), `SELECT `+db.Dialect().Now).Scan(&now); err != nil {
		t.Fatal(err)
	}
	const coarse = 2 * time.Millisecond // SQLite counts in milliseconds
	if got := time.UnixMicro(now); got.Before(before.Add(-coarse)) || got.After(time.Now().Add(coarse)) {
		t.Errorf("the database says %s, it is %s", got, before)
	}
}
