package doctor

// judgeSQLite says which checks do not apply, so that nobody wonders.
func judgeSQLite(s Server) []Finding {
	of := func(name string) check { return check{"database", name} }
	journal := of("durability").ok("journal %s; --durability says whether a commit also survives a power cut", s.Settings["journal_mode"])
	if s.Settings["journal_mode"] != "wal" {
		journal = of("durability").fail("journal_mode is "+s.Settings["journal_mode"], "Readers and the writer stop each other.",
			"the file system may not support it: keep the file on a local disk")
	}
	const file = "SQLite is one file of one process"
	return []Finding{
		of("version").ok("SQLite %s, which is part of this program", s.Version),
		of("primary").skip("%s: there are no replicas", file),
		journal,
		of("isolation").skip("%s: its write transactions run one after the other", file),
		of("encoding").skip("SQLite keeps UTF-8"),
		of("autovacuum").skip("SQLite reuses space by itself"),
		of("connections").skip("%s: nothing bounds them", file),
	}
}
