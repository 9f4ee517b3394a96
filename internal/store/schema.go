package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"

	"github.com/skald-saga/skald/internal/database"
)

//go:embed migration/*.sql
var migrations embed.FS

const schemaTable = "skald_schema"

// Migrate brings db's schema to its newest version, as Open does.
func Migrate(ctx context.Context, db *database.DB) error {
	files, err := migrationFiles()
	if err != nil {
		return err
	}
	return db.Migrate(ctx, files, schemaTable)
}

// Version is how far db's schema is. It changes nothing.
func Version(ctx context.Context, db *database.DB) (database.Version, error) {
	files, err := migrationFiles()
	if err != nil {
		return database.Version{}, err
	}
	return db.Version(ctx, files, schemaTable)
}

// Tables lists what the schema's tables are called, without the one that
// remembers migrations.
func Tables() []string {
	return []string{
		"orders", "order_items", "idempotency_keys", "events", "publications", "effects", "stock", "reservations",
		"stock_movements", "payments", "shipments", "incidents", "decisions", "relay_lease", "pruned_keys",
	}
}

var deletes = regexp.MustCompile(`DELETE FROM (\w+)`)

// Deleted lists the tables from which rows are deleted. The others only grow.
func Deleted() []string {
	var tables []string
	for _, which := range statements {
		if found := deletes.FindStringSubmatch(which.text); found != nil {
			tables = append(tables, found[1])
		}
	}
	slices.Sort(tables)
	return slices.Compact(tables)
}

func migrationFiles() (fs.FS, error) {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return files, nil
}
