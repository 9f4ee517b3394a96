package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/skald-saga/skald/internal/app"
)

type migrateCommand struct {
	Status migrateStatusCommand `cmd:"" help:"Say how far the tables are."`
	Up     migrateUpCommand     `cmd:"" help:"Bring the tables to this program's version."`
}

// tablesFlags say where the tables are, and nothing about the rest.
type tablesFlags struct {
	Database string `help:"The store: postgres://… or sqlite:/path/file.db. A password does not belong in this flag, where ps shows it: docs/security.md says where." required:"" env:"SKALD_DATABASE" placeholder:"URL"`
	Ledger   string `help:"Database of the sandbox payment provider and carrier. Default: the store on Postgres, a file beside it on SQLite." env:"SKALD_LEDGER" placeholder:"URL"`
	databaseSecurityFlags
}

func (t *tablesFlags) config() (config app.Config, err error) {
	config = app.Config{Database: t.Database, Ledger: t.Ledger}
	if config.DatabasePassword, err = secretOf("SKALD_DATABASE_PASSWORD", "database-password-file", t.DatabasePasswordFile); err != nil {
		return config, err
	}
	config.LedgerPassword, err = secretOf("SKALD_LEDGER_PASSWORD", "ledger-password-file", t.LedgerPasswordFile)
	return config, err
}

type migrateStatusCommand struct {
	tablesFlags
	outputFlag
}

// Help says what a script gets.
func (migrateStatusCommand) Help() string {
	return `Changes nothing. The exit code is 0 when this program works with the tables as they are, 1 when they must be migrated first, or are too new for it. The tables called faults are needed only where failure injection is on, and do not count.`
}

// Example looks at a file.
func (migrateStatusCommand) Example() string {
	return "skald migrate status --database sqlite:/var/lib/skald/orders.db"
}

// migrationJSON is what both commands print as JSON.
type migrationJSON struct {
	Before []app.SchemaVersion `json:"before"`
	After  []app.SchemaVersion `json:"after,omitempty"` // of migrate up
}

// Run prints how far each set of tables is.
func (m *migrateStatusCommand) Run(ctx context.Context, con *console) error {
	config, err := m.config()
	if err != nil {
		return err
	}
	versions, err := app.SchemaVersions(ctx, config)
	if err != nil {
		return adviseTables(err)
	}
	if m.json() {
		err = con.document(migrationJSON{Before: versions})
	} else {
		err = con.schemaVersions(versions)
	}
	if err != nil {
		return err
	}
	for _, version := range versions {
		switch {
		case version.Optional:
		case !version.Usable:
			return advise(fmt.Errorf("the %s tables are too new for this program", version.Schema), "Use the newer skald, or restore the backup of before the upgrade.")
		case version.Found < version.Wanted:
			return advise(fmt.Errorf("the %s tables are not up to date", version.Schema), "Run skald migrate up with the same settings; skald serve does it at its start, too.")
		}
	}
	return nil
}

func (c *console) schemaVersions(versions []app.SchemaVersion) error {
	rows := []string{"TABLES\tVERSION\tTHIS PROGRAM'S\tDATABASE"}
	for _, version := range versions {
		rows = append(rows, fmt.Sprintf("%s\t%d\t%d\t%s", version.Schema, version.Found, version.Wanted, version.Database))
	}
	return c.table(rows...)
}

type migrateUpCommand struct {
	tablesFlags
	outputFlag
}

// Help says what it is for beside setup.
func (migrateUpCommand) Help() string {
	return `Makes the tables, or adds what is new in this version. skald setup and skald serve do the same; this is for a user of the database who may do what skald itself may not. It can run again, while skald runs, and from several places at once: one does it, the others wait. It refuses when the tables are newer than this program.`
}

// Example makes the tables in a file.
func (migrateUpCommand) Example() string {
	return "skald migrate up --database sqlite:/var/lib/skald/orders.db"
}

// Run migrates and says what it did.
func (m *migrateUpCommand) Run(ctx context.Context, con *console) error {
	config, err := m.config()
	if err != nil {
		return err
	}
	before, after, err := app.Migrate(ctx, config)
	if err != nil {
		return adviseTables(err)
	}
	if m.json() {
		return con.document(migrationJSON{before, after})
	}
	for n, version := range before {
		if version.Found == after[n].Found {
			con.printf("%s: version %d, as before\n", version.Schema, version.Found)
			continue
		}
		con.printf("%s: version %d, before %d\n", version.Schema, after[n].Found, version.Found)
	}
	return nil
}

func adviseTables(err error) error {
	switch {
	case errors.Is(err, app.ErrNewerSchema):
		return advise(err, "Nothing was changed. skald migrate status says whether this program can work with them as they are; migrate with the newer one.")
	}
	return advise(err, "Is the address right, and is it up? The user needs the right to make and change tables.")
}
