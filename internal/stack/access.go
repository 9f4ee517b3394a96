package stack

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// accessConfig fills config/pg_hba.conf.
type accessConfig struct {
	Administrator, User, CertificateUser, Database string
	Temporal, Main, Visibility                     string
}

// superuser is who owns Postgres: skald itself, but for a stack that is secured.
func (p *Postgres) superuser() string {
	if p.security == nil {
		return User
	}
	return administrator
}

// initialAccess is what initdb writes into a file that a secured server does not
// read.
func (p *Postgres) initialAccess() string {
	if p.security == nil {
		return "trust"
	}
	return "reject"
}

func (p *Postgres) securityArgs() []string {
	if p.security == nil {
		return nil
	}
	var args []string
	for _, setting := range []string{
		"hba_file=" + p.access, "ssl=on", "ssl_ca_file=" + p.security.CA,
		"ssl_cert_file=" + p.identity.Certificate, "ssl_key_file=" + p.identity.Key,
	} {
		args = append(args, "-c", setting)
	}
	return args
}

// writeSecurity gives the server its own copy of its key: it refuses one that
// others may read, and root's server is somebody else.
func (p *Postgres) writeSecurity(account *syscall.Credential) error {
	if p.security == nil {
		return nil
	}
	return errors.Join(
		writeConfig(p.access, "pg_hba.conf", p.rules()),
		copyFile(p.identity.Certificate, p.security.postgres.Certificate),
		copyFile(p.identity.Key, p.security.postgres.Key),
		give(account, p.access, p.identity.Certificate, p.identity.Key),
	)
}

func (p *Postgres) rules() accessConfig {
	return accessConfig{
		Administrator: administrator, User: User, CertificateUser: CertificateUser, Database: Database,
		Temporal: temporalUser, Main: mainDatabase, Visibility: visibilityDatabase,
	}
}

func copyFile(to, from string) error {
	text, err := os.ReadFile(from) //nolint:gosec // a file of the stack's own folder
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600) //nolint:gosec // G703: both are files of the stack's own folder
}

// give makes files another user's. No account is this process' own.
func give(account *syscall.Credential, paths ...string) error {
	if account == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(account.Uid), int(account.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// ensureUsers makes the users of a secured Postgres when they are missing: all
// or none. It looks first, because Postgres logs a statement that fails, and
// these have a password in them.
func (p *Postgres) ensureUsers(ctx context.Context, db *sql.DB) error {
	if p.security == nil {
		return nil
	}
	var there bool
	err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", User).Scan(&there)
	if there || err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, p.makeUsers()) // several statements at once are one transaction
	return err
}

// makeUsers lets CertificateUser act as User, so that all of skald's tables
// belong to one. The names are constants and the password has letters and digits
// only: nothing needs quoting.
func (p *Postgres) makeUsers() string {
	return strings.Join([]string{
		fmt.Sprintf("CREATE ROLE %s LOGIN", temporalUser),
		fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", User, p.security.postgresPassword),
		fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s' IN ROLE %s", CertificateUser, p.security.postgresPassword, User),
		fmt.Sprintf("ALTER ROLE %s SET role = %s", CertificateUser, User),
	}, ";")
}
