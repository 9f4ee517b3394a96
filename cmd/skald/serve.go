package main

import (
	"context"
	"errors"

	"github.com/skald-saga/skald/internal/app"
)

type serveCommand struct {
	Roles       []string `help:"What this process does: gateway (the HTTP API), worker (intake and sagas), relay (events to Kafka). Several processes may have the same role; on SQLite one process has all." enum:"gateway,worker,relay" default:"gateway,worker,relay" env:"SKALD_ROLES"`
	Listen      string   `help:"Address of the HTTP API. It has no authentication of its own: put it behind something that has." default:"127.0.0.1:8080" env:"SKALD_LISTEN"`
	Database    string   `help:"The store: postgres://… or sqlite:/path/file.db." required:"" env:"SKALD_DATABASE" placeholder:"URL"`
	Ledger      string   `help:"Database of the sandbox payment provider and carrier. Default: the store on Postgres, a file beside it on SQLite." env:"SKALD_LEDGER" placeholder:"URL"`
	Kafka       []string `help:"Kafka brokers to begin with." required:"" env:"SKALD_KAFKA" placeholder:"HOST:PORT"`
	Temporal    string   `help:"Frontend of Temporal." required:"" env:"SKALD_TEMPORAL" placeholder:"HOST:PORT"`
	Namespace   string   `help:"Namespace in Temporal. It must exist: skald setup makes it." default:"skald" env:"SKALD_NAMESPACE"`
	TemporalUI  string   `name:"temporal-ui" help:"Base URL of the Temporal UI, for links to sagas. Without it there are no links." env:"SKALD_TEMPORAL_UI" placeholder:"URL"`
	Partitions  int      `help:"Partitions of topics that do not exist yet; 0 is 6." default:"0" env:"SKALD_PARTITIONS" bound:"0..10000"`
	Replication int      `help:"Replicas of topics that do not exist yet; 0 is the broker's default." default:"0" env:"SKALD_REPLICATION" bound:"0..10000"`
	durabilityFlag
	patienceFlag
	providerFlags
	LogLevel string `help:"Log what is at least this important." enum:"debug,info,warn,error" default:"info" env:"SKALD_LOG_LEVEL"`
	logFlags
}

func (serveCommand) Help() string {
	return `Runs skald, or the roles it is given, in this process until it is told to stop (SIGINT or SIGTERM). Several may run on the same addresses. A process without the gateway answers /healthz and /readyz on --listen, and nothing else.

It accepts orders as soon as the database answers, and waits for Kafka and Temporal meanwhile. Topics and tables are made when missing.`
}

// Example has every address that is needed.
func (serveCommand) Example() string {
	return "skald serve --database sqlite:/var/lib/skald/orders.db --kafka kafka.example:9092 --temporal temporal.example:7233"
}

// Run serves until ctx is done or a part fails.
func (s *serveCommand) Run(ctx context.Context, con *console) (err error) {
	logger, err := con.logger(s.LogFormat, s.LogLevel)
	if err != nil {
		return err
	}
	secret, err := s.secret()
	if err != nil {
		return err
	}
	roles := make([]app.Role, len(s.Roles))
	for n, role := range s.Roles {
		roles[n] = app.Role(role)
	}
	running, err := app.Start(ctx, app.Config{
		Roles: roles, Listen: s.Listen, Database: s.Database, Ledger: s.Ledger,
		Kafka: s.Kafka, Temporal: s.Temporal, Namespace: s.Namespace, TemporalUI: s.TemporalUI,
		Partitions: s.Partitions, Replication: s.Replication,
		PaymentURL: s.PaymentURL, CarrierURL: s.CarrierURL, ProviderSecret: secret,
		Patience: s.Patience, PowerLoss: s.Durability == "power-loss",
		Logger: logger, Version: version(),
	})
	if err != nil {
		return adviseServe(err)
	}
	defer func() {
		logger.InfoContext(ctx, "skald stops")
		err = errors.Join(err, running.Close())
	}()
	logger.InfoContext(ctx, "skald is up", "api", running.URL(), "kafka", s.Kafka, "temporal", s.Temporal, "namespace", s.Namespace)
	return untilDone(ctx, running.Failed())
}

func adviseServe(err error) error {
	if _, ok := errors.AsType[*app.PortError](err); ok {
		return advise(err, "Choose another with --listen HOST:PORT (port 0 takes any free one), or stop what uses it.")
	}
	return advise(err, "Check what was given: skald serve --help says what each setting must be. Kafka and Temporal may be down for now, the database may not.")
}
