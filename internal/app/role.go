package app

import (
	"fmt"
	"slices"
	"strings"
)

// Role is a part of skald that a process can have.
type Role string

// The roles.
const (
	RoleGateway Role = "gateway" // the HTTP API
	RoleWorker  Role = "worker"  // intake, and the sagas it starts: they share a process so that sagas start without a detour
	RoleRelay   Role = "relay"   // recorded events to Kafka; one leads, the others stand by
)

// AllRoles is what a single process has.
func AllRoles() []Role { return []Role{RoleGateway, RoleWorker, RoleRelay} }

func (c Config) has(role Role) bool { return slices.Contains(c.Roles, role) }

func (c Config) validateRoles() error {
	for _, role := range c.Roles {
		if !slices.Contains(AllRoles(), role) {
			return fmt.Errorf("config: Roles holds %q, must be of %v", role, AllRoles())
		}
	}
	all := c.has(RoleGateway) && c.has(RoleWorker) && c.has(RoleRelay)
	if strings.HasPrefix(c.Database, "sqlite:") && !all {
		return fmt.Errorf("config: Roles %v need Postgres: SQLite is one file of one process, and the roles of several processes meet in the database", c.Roles)
	}
	return nil
}
