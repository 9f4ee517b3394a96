package embedded

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// VersionError says that a file of the data folder was laid out by a version of
// skald or of the Temporal server that this one cannot go on from: the server
// has no migrations for SQLite.
type VersionError struct {
	File        string // path
	Found, Want string // Temporal server version and schema fingerprint
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s was written by another version (%s; this is %s): use the version that wrote it, or another data folder",
		filepath.Base(e.File), e.Found, e.Want)
}

const versionTable = "CREATE TABLE skald_schema (server TEXT NOT NULL, fingerprint TEXT NOT NULL)"

const unknownVersion = "unknown"

// recordedVersion returns "" for an empty file and unknownVersion for a file
// with tables that skald has not made.
func recordedVersion(ctx context.Context, tx *sql.Tx) (schema, server string, err error) {
	var tables, ours int
	err = tx.QueryRowContext(ctx,
		"SELECT COUNT(*), COUNT(CASE name WHEN 'skald_schema' THEN 1 END) FROM sqlite_master WHERE type = 'table'").Scan(&tables, &ours)
	if err != nil || tables == 0 {
		return "", "", err
	}
	if ours == 0 {
		return unknownVersion, unknownVersion, nil
	}
	err = tx.QueryRowContext(ctx, "SELECT fingerprint, server FROM skald_schema").Scan(&schema, &server)
	if errors.Is(err, sql.ErrNoRows) {
		return unknownVersion, unknownVersion, nil
	}
	return schema, server, err
}

// fingerprint changes exactly when what a new file would contain changes. A new
// server version with the same tables opens old files.
func fingerprint(statements []string) string {
	sum := sha256.Sum256([]byte(strings.Join(statements, ";\n")))
	return hex.EncodeToString(sum[:6])
}

func describe(server, schema string) string {
	return fmt.Sprintf("Temporal server %s, schema %s", server, schema)
}
