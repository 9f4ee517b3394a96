package doctor

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// SQL is the Database behind database/sql. Every field but Deleted is required.
type SQL struct {
	Engine string // "sqlite" or "postgres"
	Read   *sql.DB
	Write  *sql.DB
	// Now is the server's clock in microseconds since 1970, as SQL.
	Now string
	// LockRow goes behind a SELECT to lock its rows, as SQL; empty on SQLite.
	LockRow string
	Tables  []string
	// Deleted are the tables from which rows are deleted.
	Deleted []string
	// Migrations says how far the tables are.
	Migrations func(context.Context) (Schema, error)
}

// driven bounds Driven.
const driven = 5

// Server implements Database.
func (s SQL) Server(ctx context.Context) (Server, error) {
	if s.Engine == "sqlite" {
		return s.sqlite(ctx)
	}
	return s.postgres(ctx)
}

// Clock implements Database.
func (s SQL) Clock(ctx context.Context) (time.Time, error) {
	var now int64
	if err := s.Read.QueryRowContext(ctx, `SELECT `+s.Now).Scan(&now); err != nil {
		return time.Time{}, fmt.Errorf("ask for the time: %w", err)
	}
	return time.UnixMicro(now), nil
}

// Schema implements Database.
func (s SQL) Schema(ctx context.Context) (Schema, error) { return s.Migrations(ctx) }

// TryWrite implements Database. The statements find no row, but the engine
// checks first whether they are allowed.
func (s SQL) TryWrite(ctx context.Context) error {
	return s.takenBack(ctx, func(tx *sql.Tx) error {
		for _, table := range s.Tables {
			for _, statement := range s.writes(table) {
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return fmt.Errorf("write to table %s: %w", table, err)
				}
			}
		}
		return nil
	})
}

func (s SQL) writes(table string) []string {
	statements := []string{
		`INSERT INTO ` + table + ` SELECT * FROM ` + table + ` WHERE 1 = 0`,
		`SELECT 1 FROM ` + table + ` WHERE 1 = 0 ` + s.LockRow, // which Postgres allows to who may update
	}
	if slices.Contains(s.Deleted, table) {
		statements = append(statements, `DELETE FROM `+table+` WHERE 1 = 0`)
	}
	return statements
}

// TryCreate implements Database.
func (s SQL) TryCreate(ctx context.Context) error {
	return s.takenBack(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `CREATE TABLE skald_doctor (n BIGINT)`); err != nil {
			return fmt.Errorf("make a table: %w", err)
		}
		return nil
	})
}

func (s SQL) takenBack(ctx context.Context, try func(*sql.Tx) error) error {
	tx, err := s.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a transaction that writes: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return try(tx)
}

// Published implements Database.
func (s SQL) Published(ctx context.Context) (count int64, err error) {
	err = s.Read.QueryRowContext(ctx, `SELECT coalesce(max(last), 0) FROM publications`).Scan(&count)
	if err != nil {
		return 0, fmt.Errorf("count published events: %w", err)
	}
	return count, nil
}

// Driven implements Database. An accepted order may not have reached its saga
// yet; a rejected one may never have had one.
func (s SQL) Driven(ctx context.Context) ([]string, error) {
	now, err := s.Clock(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.Read.QueryContext(ctx, `
		SELECT id FROM orders WHERE status IN ('processing', 'compensating', 'needs_attention', 'confirmed')
		AND created_at > $1 ORDER BY created_at DESC, id DESC LIMIT $2`, now.Add(-24*time.Hour).UnixMicro(), driven)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	defer rows.Close()
	var orders []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list orders: %w", err)
		}
		orders = append(orders, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	return orders, nil
}
