package store_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/store"
)

// namesItsTables holds Tables against what the migrations make.
func namesItsTables(t *testing.T, engine databasetest.Engine) {
	db, err := database.Open(t.Context(), database.Options{URL: engine.Fresh(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	version, err := store.Version(t.Context(), db)
	if err != nil || version.Found != version.Wanted || version.Found < 1 {
		t.Errorf("after migrating the version is %+v, %v", version, err)
	}
	list := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	if db.Dialect().Name == "postgres" {
		list = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	rows, err := db.Read().QueryContext(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if name != "skald_schema" {
			got = append(got, name)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(slices.Values(store.Tables())), got); diff != "" {
		t.Errorf("tables (-Tables +made):\n%s", diff)
	}
}

func TestOrdersAndItemsAndStockAreNeverDeleted(t *testing.T) {
	t.Parallel()
	want := []string{
		"decisions", "effects", "events", "idempotency_keys", "incidents", "payments", "pruned_keys", "relay_lease",
		"reservations", "shipments", "stock_movements",
	}
	if diff := cmp.Diff(want, store.Deleted()); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
}
