package main

import (
	"context"

	"github.com/skald-saga/skald/internal/app"
)

type setupCommand struct {
	installationFlags
	Partitions  int `help:"Partitions of topics that do not exist yet; 0 is 6." default:"0" env:"SKALD_PARTITIONS" bound:"0..10000"`
	Replication int `help:"Replicas of topics that do not exist yet; 0 is the broker's default." default:"0" env:"SKALD_REPLICATION" bound:"0..10000"`
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
	config, err := s.config()
	if err != nil {
		return err
	}
	if config.Logger, err = con.logger(s.LogFormat, "warn"); err != nil {
		return err
	}
	config.Partitions, config.Replication = s.Partitions, s.Replication
	err = app.Setup(ctx, config, func(step string) {
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
