package doctor

import (
	"context"
	"fmt"
	"strconv"
)

func (s SQL) sqlite(ctx context.Context) (Server, error) {
	server := Server{Engine: s.Engine, Settings: map[string]string{}}
	if err := s.Read.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&server.Version); err != nil {
		return server, fmt.Errorf("ask for its version: %w", err)
	}
	var journal string
	if err := s.Read.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&journal); err != nil {
		return server, fmt.Errorf("ask for its journal: %w", err)
	}
	server.Settings["journal_mode"] = journal
	return server, nil
}

// postgres reads settings as they are for this user, who is the one that skald
// has.
func (s SQL) postgres(ctx context.Context) (Server, error) {
	server := Server{Engine: s.Engine}
	if err := s.postgresSettings(ctx, &server); err != nil {
		return server, err
	}
	err := s.Read.QueryRowContext(ctx, `
		SELECT current_user, current_database(), pg_is_in_recovery(), r.rolconnlimit, d.datconnlimit,
			(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND (usename, datname) <> (current_user, current_database()))
		FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()`).
		Scan(&server.User, &server.Name, &server.Replica, &server.Sessions.UserLimit, &server.Sessions.DatabaseLimit, &server.Sessions.Others)
	if err != nil {
		return server, fmt.Errorf("ask who and where we are: %w", err)
	}
	return server, nil
}

func (s SQL) postgresSettings(ctx context.Context, server *Server) error {
	rows, err := s.Read.QueryContext(ctx, `
		SELECT name, setting FROM pg_settings WHERE name IN ('server_version', 'server_version_num', 'server_encoding',
			'synchronous_commit', 'synchronous_standby_names', 'fsync', 'full_page_writes', 'autovacuum', 'default_transaction_isolation',
			'default_transaction_read_only', 'max_connections', 'superuser_reserved_connections', 'reserved_connections')`)
	if err != nil {
		return fmt.Errorf("ask for its settings: %w", err)
	}
	defer rows.Close()
	server.Settings = map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return fmt.Errorf("ask for its settings: %w", err)
		}
		server.Settings[name] = value
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("ask for its settings: %w", err)
	}
	server.Version = server.Settings["server_version"]
	server.Number = server.number("server_version_num")
	server.Sessions.Max = server.number("max_connections")
	server.Sessions.Reserved = server.number("superuser_reserved_connections") + server.number("reserved_connections")
	return nil
}

// number is 0 for a setting that the server does not have: reserved_connections
// is new in Postgres 16.
func (s *Server) number(setting string) int {
	n, err := strconv.Atoi(s.Settings[setting])
	if err != nil {
		return 0
	}
	return n
}
