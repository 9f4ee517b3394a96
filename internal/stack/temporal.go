package stack

import (
	"context"
	"os"
	"syscall"
	"time"
)

// What Temporal's databases are called, as everywhere.
const (
	mainDatabase       = "temporal"
	visibilityDatabase = "temporal_visibility"
	sqlPlugin          = "postgres12_pgx" // the one with the driver that skald has, too
)

const (
	historyShards = 4 // thousands are for many hosts
	retention     = 7 * 24 * time.Hour
)

// Temporal is a server with its four services in one process, on the stack's
// Postgres.
type Temporal struct {
	*server
	sqlTool   command
	postgres  *Postgres
	namespace string
	config    string
	dynamic   string
	values    temporalConfig
	security  *security
}

// temporalConfig fills config/temporal.yaml.
type temporalConfig struct {
	Shards           int
	Plugin           string
	Postgres, User   string
	Main, Visibility string
	IP, Address      string
	Services         []temporalService
	Dynamic          string
	Secure           *temporalSecurity // nil without security
	Faults           float64           // share of calls to the database that fail, each way; 0 for none
}

type temporalService struct {
	Name  string
	Ports servicePorts
}

func newTemporal(o Options, p temporalPorts, secured *security, postgres *Postgres, f *folder) *Temporal {
	t := &Temporal{
		postgres: postgres, namespace: o.Namespace, security: secured,
		config: f.join("temporal", "temporal.yaml"), dynamic: f.join("temporal", "dynamic.yaml"),
	}
	base := command{dir: f.join("temporal"), log: f.join("temporal.log"), stop: syscall.SIGTERM}
	t.sqlTool = base
	t.sqlTool.path = o.Tools.TemporalSQL
	program := base
	program.path = o.Tools.Temporal
	program.args = []string{"--config-file", t.config, "--allow-no-auth", "start"}
	if o.TemporalTokens {
		program.args = startWithInternalFrontend(t.config)
	}
	program.inherits = []*os.File{f.lock}
	t.server = newServer(o, "Temporal", program, p.Frontend.GRPC, f)
	t.probe = t.answers
	t.values = temporalConfig{
		Shards: historyShards, Plugin: sqlPlugin, Postgres: postgres.address, User: t.postgresUser(),
		Main: mainDatabase, Visibility: visibilityDatabase, IP: loopback, Address: t.address, Dynamic: t.dynamic,
		Secure:   newTemporalSecurity(secured, o.TemporalTokens),
		Services: []temporalService{{"frontend", p.Frontend}, {"history", p.History}, {"matching", p.Matching}, {"worker", p.Worker}},
	}
	if o.TemporalTokens {
		t.values.Services = append(t.values.Services, temporalService{internalFrontend, p.Internal})
	}
	return t
}

// Namespace is the one that is there for skald.
func (t *Temporal) Namespace() string { return t.namespace }

// prepare writes the configuration and brings both databases to the schema of
// this server. Postgres must run.
func (t *Temporal) prepare(ctx context.Context) error {
	if err := os.MkdirAll(t.command.dir, 0o700); err != nil {
		return err
	}
	if err := t.FailPersistence(0); err != nil {
		return err
	}
	if err := writeConfig(t.dynamic, "temporal-dynamic.yaml", nil); err != nil {
		return err
	}
	if err := t.migrate(ctx, mainDatabase, "postgresql/v12/temporal"); err != nil {
		return err
	}
	return t.migrate(ctx, visibilityDatabase, "postgresql/v12/visibility")
}
