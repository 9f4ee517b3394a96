package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
)

// Default ports of embedded skald, as in the tags of devCommand.
const (
	defaultPort         = 8080
	defaultUIPort       = 8233
	defaultTemporalPort = 7233
	defaultKafkaPort    = 9092
)

type devCommand struct {
	Dir            string           `help:"Data folder, made when missing. Orders, sagas and topics in it go on after a restart, also after kill -9." default:".skald" env:"SKALD_DIR" type:"path"`
	Ephemeral      bool             `help:"Use a temporary folder, removed at the end, instead of --dir."`
	Port           int              `help:"Port of the HTTP API; 0 is any free one." default:"8080" env:"SKALD_PORT" bound:"0..65535"`
	TemporalUIPort int              `name:"temporal-ui-port" help:"Port of the Temporal UI; 0 is any free one." default:"8233" env:"SKALD_TEMPORAL_UI_PORT" bound:"0..65535"`
	TemporalPort   int              `help:"Port of Temporal; 0 is any free one." default:"7233" env:"SKALD_TEMPORAL_PORT" bound:"0..65535"`
	KafkaPort      int              `help:"Port of Kafka; 0 is any free one." default:"9092" env:"SKALD_KAFKA_PORT" bound:"0..65535"`
	Stock          map[string]int64 `help:"Receive this stock at the start, once in the life of the data folder. Repeatable." placeholder:"SKU=QUANTITY"`
	Faults         string           `help:"Failure injection: off; rules, from skald fault; headers, also from whoever places an order, for that order. headers of skald serve needs --faults-unlimited." enum:"off,rules,headers" default:"headers" env:"SKALD_FAULTS"`
	Keep           time.Duration    `help:"How long the details of a final order stay: its events, the records of its steps, address and payment token. Longer than 168h; 0s is for ever." default:"720h" env:"SKALD_KEEP" bound:"0s..876000h"`
	durabilityFlag
	patienceFlag
	providerFlags
	LogLevel string `help:"Log what is at least this important." enum:"debug,info,warn,error" default:"warn" env:"SKALD_LOG_LEVEL"`
	logFlags
	profileFlag
	outputFlag
}

type durabilityFlag struct {
	Durability string `help:"What acknowledged data survives: process, a killed process; power-loss, also a power cut (slower). It is about files of this process, so not about Postgres." enum:"process,power-loss" default:"process" env:"SKALD_DURABILITY"`
}

type patienceFlag struct {
	Patience time.Duration `help:"How long a step before the pivot may take until it counts as exhausted and the order is undone." default:"5m" env:"SKALD_PATIENCE" bound:"1s..24h"`
}

func (devCommand) Help() string {
	return `Runs Temporal with its UI, a Kafka broker and skald in this process, on 127.0.0.1, until Ctrl-C.

It is for development and trying out. The broker is one process on one disk, without replication or access control: do not run it in production. There, use skald serve.

With --output json it prints one line, once it is up: where everything is.`
}

// Example has something to sell.
func (devCommand) Example() string { return "skald dev --stock mug=100" }

// Validate refuses quantities that the API would.
func (d *devCommand) Validate() error {
	for _, sku := range slices.Sorted(maps.Keys(d.Stock)) {
		if d.Stock[sku] < 1 {
			return fmt.Errorf("--stock %s=%d: the quantity must be at least 1", sku, d.Stock[sku])
		}
	}
	return nil
}

// Run serves until ctx is done or a part fails.
func (d *devCommand) Run(ctx context.Context, con *console) (err error) {
	tuneCollector()
	if d.Ephemeral {
		if d.Dir, err = os.MkdirTemp("", "skald-dev-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.Dir)) }()
	}
	logger, err := con.logger(d.LogFormat, d.LogLevel)
	if err != nil {
		return err
	}
	secret, err := d.secret()
	if err != nil {
		return err
	}
	stop, err := d.profile(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	dev, err := app.StartDev(ctx, app.DevConfig{
		Dir: d.Dir, ListenPort: d.Port, KafkaPort: d.KafkaPort, TemporalPort: d.TemporalPort, UIPort: d.TemporalUIPort,
		PowerLoss: d.Durability == "power-loss", Patience: d.Patience, Keep: d.Keep, Logger: logger, Version: version(),
		PaymentURL: d.PaymentURL, CarrierURL: d.CarrierURL, ProviderSecret: secret,
		Faults: app.FaultMode(d.Faults),
	})
	if err != nil {
		return adviseDev(ctx, err)
	}
	defer func() { err = errors.Join(err, dev.Close()) }()
	empty, err := d.stockUp(ctx, dev.URL())
	if err != nil {
		return err
	}
	if err := con.announce(d, dev.Addresses(), empty); err != nil {
		return err
	}
	return untilDone(ctx, dev.Failed())
}

// stockUp books what --stock says, under keys that name it, so that a restart
// with the same flags books nothing twice. It reports whether there is nothing
// to sell even so.
func (d *devCommand) stockUp(ctx context.Context, server string) (empty bool, err error) {
	api, err := client.New(client.Options{Server: server})
	if err != nil {
		return false, err
	}
	defer api.Close()
	for _, sku := range slices.Sorted(maps.Keys(d.Stock)) {
		key := fmt.Sprintf("dev:%s=%d", sku, d.Stock[sku])
		if _, err := api.Receive(ctx, sku, d.Stock[sku], key); err != nil {
			return false, fmt.Errorf("receive stock of %s: %w", sku, err)
		}
	}
	page, err := api.Stock(ctx, 1, "")
	if err != nil {
		return false, fmt.Errorf("read stock: %w", err)
	}
	return len(page.Stock) == 0, nil
}

// untilDone waits for the end: the user's, which is no error, or a failure.
func untilDone(ctx context.Context, failed <-chan error) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// flagOf names the flag that moves a part to another port.
var flagOf = map[string]string{
	"HTTP": "--port", "Temporal UI": "--temporal-ui-port", "Temporal": "--temporal-port", "Kafka": "--kafka-port",
}

// adviseDev says what to do about a start that did not succeed.
func adviseDev(ctx context.Context, err error) error {
	var port *app.PortError
	switch {
	case ctx.Err() != nil:
		return errors.New("stopped before it was up")
	case errors.As(err, &port):
		return advise(err, "Choose another with %s (0 takes any free one), or stop what uses it.", flagOf[port.Name])
	case errors.Is(err, app.ErrLocked):
		return advise(err, "Stop the skald that has it open, or take another folder: --dir DIR, or --ephemeral.")
	}
	return err
}
