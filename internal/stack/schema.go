package stack

import (
	"context"
	"database/sql"
	"fmt"
	"net"
)

// migrate makes a database of Temporal's when it is missing, and brings it to
// the schema that the SQL tool carries: the tool and the server are of the same
// version.
func (t *Temporal) migrate(ctx context.Context, database, schema string) error {
	fresh, err := t.createDatabase(ctx, database)
	if err != nil {
		return fmt.Errorf("database %s: %w", database, err)
	}
	if fresh {
		if err := t.tool(database, "setup-schema", "-v", "0.0").run(ctx); err != nil {
			return err
		}
	}
	return t.tool(database, "update-schema", "--schema-name", schema).run(ctx)
}

// createDatabase reports whether the database has no schema yet. It may exist
// all the same, when an earlier start was interrupted.
func (t *Temporal) createDatabase(ctx context.Context, name string) (fresh bool, err error) {
	err = t.postgres.with("postgres", func(db *sql.DB) error { return t.postgres.createDatabase(ctx, db, name, temporalUser) })
	if err != nil {
		return false, err
	}
	err = t.postgres.with(name, func(db *sql.DB) error {
		return db.QueryRowContext(ctx, "SELECT to_regclass('schema_version') IS NULL").Scan(&fresh)
	})
	return fresh, err
}

func (t *Temporal) tool(database string, args ...string) command {
	host, port, _ := net.SplitHostPort(t.postgres.address) // this package joined them
	c := t.sqlTool
	c.args = append([]string{"--ep", host, "-p", port, "-u", t.postgresUser(), "--pl", sqlPlugin, "--db", database}, append(t.toolSecurity(), args...)...)
	return c
}
