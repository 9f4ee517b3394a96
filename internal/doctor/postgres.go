package doctor

import (
	"fmt"
	"strings"
)

// Versions of Postgres, as its server_version_num.
const (
	leastPostgres  = 12_00_00 // below, what skald's tables are made of is missing, or nobody has looked
	testedPostgres = 15_00_00
)

// judgePostgres is everything about a server but its clock and its tables.
func (d *Doctor) judgePostgres(s Server) []Finding {
	return []Finding{
		judgePostgresVersion(s), judgePrimary(s), judgeDurability(s), judgeIsolation(s), judgeEncoding(s), judgeVacuum(s), d.judgeSessions(s),
	}
}

func judgePostgresVersion(s Server) Finding {
	c := check{"database", "version"}
	found := "Postgres " + s.Version
	switch {
	case s.Number < leastPostgres:
		return c.fail(found, "skald needs Postgres 12 or newer.", "upgrade the server")
	case s.Number < testedPostgres:
		return c.warn(found, "skald is tested with Postgres 15 and newer.", "upgrade the server when you can")
	}
	return c.ok("%s", found)
}

func judgePrimary(s Server) Finding {
	c := check{"database", "primary"}
	switch {
	case s.Replica:
		return c.fail("this server is a replica: it can only be read", "skald writes with every step.",
			"give the primary's address with --database; several addresses in one URL with target_session_attrs=read-write find it by themselves")
	case s.Settings["default_transaction_read_only"] == "on":
		return c.fail("default_transaction_read_only is on", "skald writes with every step.", alterRole("default_transaction_read_only", "off", s)...)
	}
	return c.ok("it can be written")
}

// judgeDurability: a 202 says that the order survives, so the commit behind it
// must.
func judgeDurability(s Server) Finding {
	c := check{"database", "durability"}
	for _, setting := range []string{"fsync", "full_page_writes"} {
		if s.Settings[setting] == "off" {
			return c.fail(setting+" is off", "After a crash of the server's machine the database may be broken: accepted orders are lost.",
				fmt.Sprintf("ALTER SYSTEM SET %s = on; SELECT pg_reload_conf();", setting))
		}
	}
	commit := s.Settings["synchronous_commit"]
	if commit == "off" {
		return c.fail("synchronous_commit is off", "A crash of the server loses the last commits: orders that were accepted, and effects that happened.",
			alterRole("synchronous_commit", "on", s)...)
	}
	if standbys := s.Settings["synchronous_standby_names"]; standbys != "" && commit == "local" {
		return c.warn("synchronous_commit is local, and there are synchronous standbys ("+standbys+")",
			"A failover loses what the standby has not got yet.", alterRole("synchronous_commit", "on", s)...)
	}
	return c.ok("synchronous_commit %s, fsync on", commit)
}

func judgeIsolation(s Server) Finding {
	c := check{"database", "isolation"}
	level := s.Settings["default_transaction_isolation"]
	if level == "repeatable read" || level == "serializable" {
		return c.warn("default_transaction_isolation is "+level,
			"skald locks what it decides by, so it needs no more than read committed; more makes transactions of one order abort each other, and run again.",
			alterRole("default_transaction_isolation", "'read committed'", s)...)
	}
	return c.ok("%s", level)
}

func judgeEncoding(s Server) Finding {
	c := check{"database", "encoding"}
	if encoding := s.Settings["server_encoding"]; encoding != "UTF8" {
		return c.fail("server_encoding is "+encoding, "Names and addresses may hold any character.",
			fmt.Sprintf("CREATE DATABASE %s_utf8 TEMPLATE template0 ENCODING 'UTF8'; then move the data with pg_dump and psql", s.Name))
	}
	return c.ok("UTF8")
}

func judgeVacuum(s Server) Finding {
	c := check{"database", "autovacuum"}
	if s.Settings["autovacuum"] == "off" {
		return c.warn("autovacuum is off", "Each published event and each renewed lease leaves a dead row: the tables grow, and the relay reads them ever slower.",
			"ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf();")
	}
	return c.ok("on")
}

// alterRole changes a setting for this user in this database, for connections from now on.
func alterRole(setting, value string, s Server) []string {
	return []string{
		fmt.Sprintf("ALTER ROLE %s IN DATABASE %s SET %s = %s;", identifier(s.User), identifier(s.Name), setting, value),
		"then restart the processes of skald, which keep their connections",
	}
}

// identifier quotes a name for SQL.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
