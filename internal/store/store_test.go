package store_test

import (
	"testing"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/store"
	"github.com/skald-saga/skald/internal/store/storetest"
)

func TestBothEnginesKeepEveryPromiseOfTheStore(t *testing.T) {
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		storetest.Run(t, engine)
		t.Run("Opening", func(t *testing.T) { opensTwice(t, engine) })
		t.Run("The tables", func(t *testing.T) { namesItsTables(t, engine) })
		t.Run("The lock", func(t *testing.T) { lockProtects(t, engine) })
	})
}

// opensTwice also prepares every statement on the engine.
func opensTwice(t *testing.T, engine databasetest.Engine) {
	db, err := database.Open(t.Context(), database.Options{URL: engine.Fresh(t)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time everything is there already
		s, err := store.Open(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	}
	for range 2 {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	}
}
