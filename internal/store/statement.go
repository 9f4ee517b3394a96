package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/skald-saga/skald/internal/database"
)

// statement is one SQL text, the same for both engines but for three tokens:
// {{lock}}, the clause that locks the row read, {{lock free}}, which leaves out
// rows that somebody else has locked, and {{now}}, the database's clock in
// microseconds.
type statement struct {
	name string
	text string
}

// statements are all there are. Each is prepared once when a Store opens, so a
// text that an engine refuses is found at start and not at the first order.
var statements []statement

// sqlText declares a statement. It is called only from package variables.
func sqlText(name, text string) statement {
	declared := statement{name: name, text: text}
	statements = append(statements, declared)
	return declared
}

func (s statement) failed(err error) error { return fmt.Errorf("%s: %w", s.name, err) }

func (s statement) forDialect(dialect database.Dialect) string {
	lockFree := dialect.LockRow
	if lockFree != "" {
		lockFree += " SKIP LOCKED"
	}
	return strings.NewReplacer("{{lock}}", dialect.LockRow, "{{lock free}}", lockFree, "{{now}}", dialect.Now).Replace(s.text)
}

func prepare(ctx context.Context, db *sql.DB, dialect database.Dialect) (map[statement]*sql.Stmt, error) {
	prepared := make(map[statement]*sql.Stmt, len(statements))
	for _, which := range statements {
		stmt, err := db.PrepareContext(ctx, which.forDialect(dialect)) //nolint:sqlclosecheck // it is kept until release
		if err != nil {
			return nil, errors.Join(fmt.Errorf("prepare %q: %w", which.name, err), release(prepared))
		}
		prepared[which] = stmt
	}
	return prepared, nil
}

func release(prepared map[statement]*sql.Stmt) error {
	var failures []error
	for _, stmt := range prepared {
		failures = append(failures, stmt.Close())
	}
	return errors.Join(failures...)
}
