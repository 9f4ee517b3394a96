package reference

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
)

// databaseName is the reference's own database on skald's Postgres: in skald's,
// skald would publish the reference's events.
const databaseName = "reference"

// MakeDatabase makes an empty database beside the one of a Postgres URL, and
// returns its URL. It errors when there is one already.
func MakeDatabase(ctx context.Context, beside string) (string, error) {
	own, err := url.Parse(beside)
	if err != nil {
		return "", err
	}
	db, err := sql.Open("pgx", beside)
	if err != nil {
		return "", err
	}
	_, err = db.ExecContext(ctx, "CREATE DATABASE "+databaseName)
	if err := errors.Join(err, db.Close()); err != nil {
		return "", fmt.Errorf("make the reference's database: %w", err)
	}
	own.Path = "/" + databaseName
	return own.String(), nil
}
