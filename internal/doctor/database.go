package doctor

import (
	"context"
	"fmt"
	"time"
)

// Database answers about the database of the store, or of the ledger. SQL is
// one.
type Database interface {
	Server(context.Context) (Server, error)
	// Clock is the server's time.
	Clock(context.Context) (time.Time, error)
	Schema(context.Context) (Schema, error)
	// TryWrite writes to every table what changes nothing, and takes it back. It
	// errors with the first table that may not be written.
	TryWrite(context.Context) error
	// TryCreate makes a table and takes it back.
	TryCreate(context.Context) error
	// Published is how many events the store counts as published.
	Published(context.Context) (int64, error)
	// Driven lists orders of the last day that a saga has worked on, newest
	// first, a few at most.
	Driven(context.Context) ([]string, error)
}

// Server is what a database server says of itself.
type Server struct {
	Engine  string // "sqlite" or "postgres"
	Version string
	Number  int    // Postgres' server_version_num
	User    string // that we are
	Name    string // of the database
	Replica bool   // it only follows another
	// Settings are Postgres' own, by name, as they apply to this user.
	Settings map[string]string
	Sessions Sessions
}

// Sessions is how many connections a server has room for.
type Sessions struct {
	Max, Reserved int // of the server; reserved for superusers and the like
	Others        int // connections of other users
	UserLimit     int // 0 or less: none
	DatabaseLimit int // 0 or less: none
}

// Schema is how far the tables are.
type Schema struct {
	Name          string // of the tables, for people
	Found, Wanted int64
	Usable        bool // this program works on what was found, once migrated
}

func (d *Doctor) askDatabase(db Database) []question {
	of := func(name string) check { return check{"database", name} }
	return []question{
		{of("server"), func(ctx context.Context) ([]Finding, error) { return d.askServer(ctx, db) }},
		{of("schema"), func(ctx context.Context) ([]Finding, error) { return d.askTables(ctx, "database", db) }},
		{of("clock"), func(ctx context.Context) ([]Finding, error) { return askClock(ctx, db) }},
	}
}

// askLedger leaves out what the store's server has answered, or would.
func (d *Doctor) askLedger(db Database) []question {
	return []question{{check{"ledger", "schema"}, func(ctx context.Context) ([]Finding, error) { return d.askTables(ctx, "ledger", db) }}}
}

func (d *Doctor) askServer(ctx context.Context, db Database) ([]Finding, error) {
	server, err := db.Server(ctx)
	if err != nil {
		return nil, err
	}
	if server.Engine == "sqlite" {
		return judgeSQLite(server), nil
	}
	return d.judgePostgres(server), nil
}

// askTables tries rights only where there is something to have rights on.
func (d *Doctor) askTables(ctx context.Context, of string, db Database) ([]Finding, error) {
	schema, err := db.Schema(ctx)
	if err != nil {
		return nil, err
	}
	findings := []Finding{d.judgeSchema(check{of, "schema"}, schema)}
	c := check{of, "writes"}
	switch {
	case !schema.Usable:
		return append(findings, c.skip("this program does not know the tables")), nil
	case schema.Found < schema.Wanted:
		return append(findings, judgeCreate(c, db.TryCreate(ctx))), nil
	}
	return append(findings, judgeWrite(c, db.TryWrite(ctx))), nil
}

func (d *Doctor) judgeSchema(c check, s Schema) Finding {
	found := fmt.Sprintf("%s: version %d, this program's is %d", s.Name, s.Found, s.Wanted)
	upgrade := d.command("migrate up")
	switch {
	case !s.Usable:
		return c.fail(found, "The tables were changed by a newer skald in a way that this one cannot work with; skald serve will not start.",
			"run the newer skald, or restore the backup of before the upgrade")
	case s.Found == 0:
		return c.fail(found, "There are no tables yet.", d.command("setup"))
	case s.Found < s.Wanted:
		return c.fail(found, "Tables are older than this program wants. skald serve migrates them at its start, if it may.", upgrade)
	case s.Found > s.Wanted:
		return c.ok("%s: a newer skald has added to them, which this one need not know", found)
	}
	return c.ok("%s", found)
}

func judgeWrite(c check, err error) Finding {
	if err != nil {
		return c.fail(err.Error(), "skald records every order and event there: without the right it accepts nothing.",
			"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO the user in --database, or let that user own the tables")
	}
	return c.ok("every table can be written (tried, and taken back)")
}

func judgeCreate(c check, err error) Finding {
	if err != nil {
		return c.fail(err.Error(), "The tables are not up to date, and this user may not change them.",
			"GRANT CREATE ON SCHEMA public TO the user in --database, or run skald migrate up as a user that has the right")
	}
	return c.ok("tables can be made (tried, and taken back)")
}

// command is a command of skald as it can be run here.
func (d *Doctor) command(name string) string {
	if d.o.Settings == "" {
		return "skald " + name
	}
	return "skald " + name + " " + d.o.Settings
}
