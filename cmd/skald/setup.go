package main

import (
	"context"

	"github.com/skald-saga/skald/internal/app"
)

type setupCommand struct {
	Database    string   `help:"The store: postgres://… or sqlite:/path/file.db." required:"" env:"SKALD_DATABASE" placeholder:"URL"`
	Ledger      string   `help:"Database of the sandbox payment provider and carrier. Default: the store on Postgres, a file beside it on SQLite." env:"SKALD_LEDGER" placeholder:"URL"`
	Kafka       []string `help:"Kafka brokers to begin with." required:"" env:"SKALD_KAFKA" placeholder:"HOST:PORT"`
	Temporal    string   `help:"Frontend of Temporal." required:"" env:"SKALD_TEMPORAL" placeholder:"HOST:PORT"`
	Namespace   string   `help:"Namespace in Temporal. It must exist: skald setup makes it." default:"skald" env:"SKALD_NAMESPACE"`
	Partitions  int      `help:"Partitions of topics that do not exist yet; 0 is 6." default:"0" env:"SKALD_PARTITIONS" bound:"0..10000"`
	Replication int      `help:"Replicas of topics that do not exist yet; 0 is the broker's default." default:"0" env:"SKALD_REPLICATION" bound:"0..10000"`
	logFlags
	outputFlag
}

// setUpJSON is a step of skald setup on a line of its own.
type setUpJSON struct {
	Ready string `json:"ready"`
}

// Help says that it can always run again.
func (setupCommand) Help() string {
	return `Makes sure of everything that skald serve needs: tables, topics, the Temporal namespace and its search attributes. What is there already is left as it is, so it can run before every start and from several places at once.`
}

// Example has every address that is needed.
func (setupCommand) Example() string {
	return "skald setup --database sqlite:/var/lib/skald/orders.db --kafka 127.0.0.1:9092 --temporal 127.0.0.1:7233"
}

// Run sets up one part after the other and says when each is done.
func (s *setupCommand) Run(ctx context.Context, con *console) error {
	logger, err := con.logger(s.LogFormat, "warn")
	if err != nil {
		return err
	}
	err = app.Setup(ctx, app.Config{
		Database: s.Database, Ledger: s.Ledger, Kafka: s.Kafka, Temporal: s.Temporal, Namespace: s.Namespace,
		Partitions: s.Partitions, Replication: s.Replication, Logger: logger,
	}, func(step string) {
		if s.json() {
			_ = con.line(setUpJSON{step}) // as printf: nobody is left to tell
			return
		}
		con.printf("ready: %s\n", step)
	})
	if err == nil {
		return nil
	}
	return advise(err, "Check that the address is right and that what answers there is up; then run it again.")
}
