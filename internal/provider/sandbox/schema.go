package sandbox

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/skald-saga/skald/internal/database"
)

//go:embed migration/*.sql
var migrations embed.FS

const migrationTable = "sandbox_migrations"

// Migrate brings the ledger's tables in db to their newest version, as Open does.
func Migrate(ctx context.Context, db *database.DB) error {
	files, err := migrationFiles()
	if err != nil {
		return err
	}
	return db.Migrate(ctx, files, migrationTable)
}

// Version is how far the ledger's tables in db are. It changes nothing.
func Version(ctx context.Context, db *database.DB) (database.Version, error) {
	files, err := migrationFiles()
	if err != nil {
		return database.Version{}, err
	}
	return db.Version(ctx, files, migrationTable)
}

// Tables lists what the ledger's tables are called, without the one that
// remembers migrations.
func Tables() []string { return []string{"sandbox_keys"} }

func migrationFiles() (fs.FS, error) {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		return nil, fmt.Errorf("sandbox migrations: %w", err)
	}
	return files, nil
}
