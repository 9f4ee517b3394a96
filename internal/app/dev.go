package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/skald-saga/skald/internal/provider/remote"
)

// DevConfig describes skald with everything it needs in one process. A zero
// field means its documented default.
type DevConfig struct {
	// Dir is the data folder. Required.
	Dir string
	// Ports on 127.0.0.1; 0 is any free port.
	ListenPort, KafkaPort, TemporalPort, UIPort int
	// PowerLoss makes every part sync what it acknowledges.
	PowerLoss bool
	// Patience is Config's.
	Patience time.Duration
	// Keep is Config's: for ever by default. skald dev asks for DefaultDevKeep.
	Keep time.Duration
	// PaymentURL, CarrierURL and ProviderSecret are Config's.
	PaymentURL, CarrierURL string
	ProviderSecret         remote.Secret
	// Faults is failure injection, without limits. Default FaultsOff.
	Faults FaultMode
	// Logger receives what happens. Default slog.Default().
	Logger *slog.Logger
	// Version of the program.
	Version string
	// Seams are Config's.
	Seams Seams
}

// Dev is skald and the engine under it.
type Dev struct {
	*App
	Engine *Engine
}

// Addresses is where a Dev can be reached.
type Addresses struct {
	API        string
	TemporalUI string
	Temporal   string
	Namespace  string
	Kafka      []string
}

// StartDev starts the embedded engine on its data folder, and skald on the
// engine's addresses: from there on nothing knows that they are embedded. A
// program built with the tag noembed has no engine and always errors.
// Errors: *PortError, ErrLocked, *VersionError.
func StartDev(ctx context.Context, c DevConfig) (*Dev, error) {
	engine, config, err := c.startEngine(ctx)
	if err != nil {
		return nil, err
	}
	app, err := Start(ctx, config)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	app.run("engine", func(ctx context.Context) error {
		select {
		case err := <-engine.Failed():
			return err
		case <-ctx.Done():
			return nil
		}
	})
	return &Dev{App: app, Engine: engine}, nil
}

// Addresses is where everything can be reached.
func (d *Dev) Addresses() Addresses {
	c := d.config
	return Addresses{API: d.URL(), TemporalUI: c.TemporalUI, Temporal: c.Temporal, Namespace: c.Namespace, Kafka: c.Kafka}
}

// Close stops skald, then the engine.
func (d *Dev) Close() error { return errors.Join(d.App.Close(), d.Engine.Close()) }
