package main

import (
	"context"
	"errors"
	"time"

	"github.com/skald-saga/skald/internal/app"
)

type serveCommand struct {
	Roles  []string `help:"What this process does: gateway (the HTTP API), worker (intake and sagas), relay (events to Kafka). Several processes may have the same role; on SQLite one process has all." enum:"gateway,worker,relay" default:"gateway,worker,relay" env:"SKALD_ROLES"`
	Listen string   `help:"Address of the HTTP API. It has no authentication of its own: put it behind something that has." default:"127.0.0.1:8080" env:"SKALD_LISTEN"`
	httpsFlags
	installationFlags
	TemporalUI      string `name:"temporal-ui" help:"Base URL of the Temporal UI, for links to sagas. Without it there are no links." env:"SKALD_TEMPORAL_UI" placeholder:"URL"`
	Partitions      int    `help:"Partitions of topics that do not exist yet; 0 is 6." default:"0" env:"SKALD_PARTITIONS" bound:"0..10000"`
	Replication     int    `help:"Replicas of topics that do not exist yet; 0 is the broker's default." default:"0" env:"SKALD_REPLICATION" bound:"0..10000"`
	Faults          string `help:"Failure injection: off; rules, from skald fault; headers, also from whoever places an order, for that order. headers of skald serve needs --faults-unlimited." enum:"off,rules,headers" default:"off" env:"SKALD_FAULTS"`
	FaultsUnlimited bool   `help:"Take every fault rule. Without it a rule must name its orders, by ID or by at least 4 characters that IDs begin with, fire for at most 5 % of them and live for at most 15 minutes, and it only aborts, delays, hangs or duplicates. Not for where customers' orders are." env:"SKALD_FAULTS_UNLIMITED"`
	limitFlags
	Keep time.Duration `help:"How long the details of a final order stay: its events, the records of its steps, address and payment token. Longer than 168h; 0s is for ever." default:"0s" env:"SKALD_KEEP" bound:"0s..876000h"`
	durabilityFlag
	patienceFlag
	providerFlags
	LogLevel string `help:"Log what is at least this important." enum:"debug,info,warn,error" default:"info" env:"SKALD_LOG_LEVEL"`
	logFlags
	profileFlag
}

func (serveCommand) Help() string {
	return `Runs skald, or the roles it is given, in this process until it is told to stop (SIGINT or SIGTERM). Several may run on the same addresses. A process without the gateway answers /healthz, /readyz and /metrics on --listen, and nothing else.

It accepts orders as soon as the database answers, and waits for Kafka and Temporal meanwhile. Topics and tables are made when missing.`
}

// Example has every address that is needed.
func (serveCommand) Example() string {
	return "skald serve --database sqlite:/var/lib/skald/orders.db --kafka kafka.example:9092 --temporal temporal.example:7233"
}

// Run serves until ctx is done or a part fails.
func (s *serveCommand) Run(ctx context.Context, con *console) (err error) {
	config, err := s.config(con)
	if err != nil {
		return err
	}
	logger := config.Logger
	stop, err := s.profile(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	running, err := app.Start(ctx, config)
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

func (s *serveCommand) config(con *console) (config app.Config, err error) {
	if config, err = s.installationFlags.config(); err != nil {
		return config, err
	}
	if config.Logger, err = con.logger(s.LogFormat, s.LogLevel); err != nil {
		return config, err
	}
	if config.ProviderSecret, err = s.secret(); err != nil {
		return config, err
	}
	for _, role := range s.Roles {
		config.Roles = append(config.Roles, app.Role(role))
	}
	config.Listen, config.HTTPS, config.TemporalUI = s.Listen, s.https(), s.TemporalUI
	config.Partitions, config.Replication = s.Partitions, s.Replication
	config.PaymentURL, config.CarrierURL = s.PaymentURL, s.CarrierURL
	config.Patience, config.Keep, config.PowerLoss = s.Patience, s.Keep, s.Durability == "power-loss"
	config.Faults = app.Faults{Mode: app.FaultMode(s.Faults), Unlimited: s.FaultsUnlimited}
	s.limit(&config)
	return config, nil
}

func adviseServe(err error) error {
	if _, ok := errors.AsType[*app.PortError](err); ok {
		return advise(err, "Choose another with --listen HOST:PORT (port 0 takes any free one), or stop what uses it.")
	}
	return advise(err, "Check what was given: skald serve --help says what each setting must be. Kafka and Temporal may be down for now, the database may not.")
}
