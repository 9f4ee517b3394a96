package database_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
)

const things = "schema_of_things"

func looksOnly(t *testing.T, engine databasetest.Engine) {
	db := open(t, engine.Fresh(t))
	for range 2 { // the first look must not have made anything
		expectVersion(t, db, twoMigrations, database.Version{Found: 0, Wanted: 2})
	}
	if _, err := db.Read().ExecContext(t.Context(), `SELECT 1 FROM `+things); err == nil {
		t.Error("looking made the table that remembers migrations")
	}
	if err := db.Migrate(t.Context(), twoMigrations, things); err != nil {
		t.Fatal(err)
	}
	expectVersion(t, db, twoMigrations, database.Version{Found: 2, Wanted: 2})
}

// rollsBack is an upgrade and the return to the program of before it.
func rollsBack(t *testing.T, engine databasetest.Engine) {
	db := open(t, engine.Fresh(t))
	older := files(map[string]string{"0001_table.sql": string(twoMigrations["0001_table.sql"].Data)})
	if err := db.Migrate(t.Context(), twoMigrations, things); err != nil {
		t.Fatal(err)
	}
	expectVersion(t, db, older, database.Version{Found: 2, Wanted: 1})
	if err := db.Migrate(t.Context(), older, things); err != nil {
		t.Errorf("the older program: %v", err)
	}
	expectVersion(t, db, twoMigrations, database.Version{Found: 2, Wanted: 2})

	breaking := files(map[string]string{
		"0001_table.sql": string(twoMigrations["0001_table.sql"].Data), "0002_row.sql": string(twoMigrations["0002_row.sql"].Data),
		"1000_renamed.sql": `ALTER TABLE thing RENAME TO item`,
	})
	if err := db.Migrate(t.Context(), breaking, things); err != nil {
		t.Fatal(err)
	}
	err := db.Migrate(t.Context(), twoMigrations, things)
	const want = "migrate schema_of_things: the schema is too new for this program: it has version 1000, and this program works up to 999"
	if !errors.Is(err, database.ErrTooNew) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func expectVersion(t *testing.T, db *database.DB, migrations fstest.MapFS, want database.Version) {
	t.Helper()
	got, err := db.Version(t.Context(), migrations, things)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("version (-want +got):\n%s", diff)
	}
}

func TestAVersionIsUsableUpToTheEndOfItsThousand(t *testing.T) {
	t.Parallel()
	for version, want := range map[database.Version]bool{
		{Found: 0, Wanted: 1}:       true,
		{Found: 1, Wanted: 1}:       true,
		{Found: 999, Wanted: 1}:     true,
		{Found: 1000, Wanted: 1}:    false,
		{Found: 1, Wanted: 1000}:    true, // it is migrated
		{Found: 1999, Wanted: 1000}: true,
		{Found: 2000, Wanted: 1999}: false,
	} {
		if got := version.Usable(); got != want {
			t.Errorf("%+v: usable is %t, want %t", version, got, want)
		}
	}
}
