package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/skald-saga/skald/internal/app"
)

// outsideFlags say which installation to look at from outside: a skald dev by
// its folder, or any other by its addresses. They are embedded in commands that
// do not make anything there.
type outsideFlags struct {
	Dir       string   `help:"Look at the skald dev that runs on this data folder, instead of --database." type:"path" placeholder:"DIR"`
	Database  string   `help:"The store: postgres://… or sqlite:/path/file.db. A password does not belong in this flag, where ps shows it: docs/security.md says where." env:"SKALD_DATABASE" placeholder:"URL"`
	Ledger    string   `help:"Database of the sandbox payment provider and carrier. Default: the store on Postgres, a file beside it on SQLite." env:"SKALD_LEDGER" placeholder:"URL"`
	Kafka     []string `help:"Kafka brokers to begin with." default:"127.0.0.1:9092" env:"SKALD_KAFKA"`
	Temporal  string   `help:"Frontend of Temporal." default:"127.0.0.1:7233" env:"SKALD_TEMPORAL" placeholder:"HOST:PORT"`
	Namespace string   `help:"Namespace in Temporal. It must exist: skald setup makes it." default:"skald" env:"SKALD_NAMESPACE"`
	securityFlags
}

// Validate refuses to look at nothing.
func (o *outsideFlags) Validate() error {
	if o.Dir == "" && o.Database == "" {
		return errors.New("say where to look: --dir .skald for a skald dev that runs, or --database with --kafka and --temporal, as for skald serve")
	}
	return nil
}

func (o *outsideFlags) config() (app.Config, error) {
	config := app.Config{
		Database: o.Database, Ledger: o.Ledger, Kafka: o.Kafka, Temporal: o.Temporal, Namespace: o.Namespace, Version: version(),
	}
	if o.Dir != "" {
		file := filepath.Join(o.Dir, "skald.db")
		if _, err := os.Stat(file); err != nil { // opening it would make it
			return config, advise(err, "Name the data folder of a skald dev with --dir: it is .skald in the folder where that was started.")
		}
		config.Database = "sqlite:" + file
	}
	return config, o.secure(&config)
}
