package embedded

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"io/fs"

	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/schema"
)

const (
	mainSchemaFile       = "sqlite/v3/temporal/schema.sql"
	visibilitySchemaFile = "sqlite/v3/visibility/schema.sql"
)

// prepareMain lays out a new main file or checks an existing one.
func prepareMain(ctx context.Context, f file) error {
	statements, err := schemaStatements(mainSchemaFile)
	if err != nil {
		return err
	}
	return prepare(ctx, f, statements)
}

// prepareVisibility does the same for the visibility file, with the reduced schema.
func prepareVisibility(ctx context.Context, f file) error {
	statements, err := schemaStatements(visibilitySchemaFile)
	if err != nil {
		return err
	}
	return prepare(ctx, f, reduceVisibility(statements))
}

func schemaStatements(name string) ([]string, error) {
	text, err := fs.ReadFile(schema.Assets(), name)
	if err != nil {
		return nil, fmt.Errorf("read the server's schema: %w", err)
	}
	statements, err := persistence.LoadAndSplitQueryFromReaders([]io.Reader{bytes.NewReader(text)})
	if err != nil {
		return nil, fmt.Errorf("split the server's schema %s: %w", name, err)
	}
	return statements, nil
}

// prepare works in one transaction, so that a process killed in the middle
// leaves an empty file and not half a schema.
func prepare(ctx context.Context, f file, statements []string) error {
	db, err := f.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()

	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("open %s: %w", f.path, err)
	}
	defer func() { _ = tx.Rollback() }()

	if err := layOut(ctx, tx, f, statements); err != nil {
		return err
	}
	return tx.Commit()
}

func layOut(ctx context.Context, tx *sql.Tx, f file, statements []string) error {
	want := fingerprint(statements)
	found, server, err := recordedVersion(ctx, tx)
	switch {
	case err != nil:
		return fmt.Errorf("read the schema version of %s: %w", f.path, err)
	case found == want:
		return nil
	case found != "":
		return &VersionError{File: f.path, Found: describe(server, found), Want: describe(headers.ServerVersion, want)}
	}
	for _, statement := range append(statements, versionTable) {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("lay out %s: %.80q: %w", f.path, statement, err)
		}
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO skald_schema (server, fingerprint) VALUES (?, ?)", headers.ServerVersion, want)
	return err
}

// ensureAttributeIndexes makes the index of each custom search attribute column.
func ensureAttributeIndexes(ctx context.Context, f file, columns []string) error {
	db, err := f.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()

	for _, column := range columns {
		if _, err := db.ExecContext(ctx, attributeIndex(column)); err != nil {
			return fmt.Errorf("index %s in %s: %w", column, f.path, err)
		}
	}
	return nil
}
