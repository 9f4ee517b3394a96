//go:build !noembed

package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/embedded"
)

// Engine is Kafka, Temporal and its UI in this process.
type Engine = embedded.Engine

// ErrLocked says that another process has the data folder.
var ErrLocked = embedded.ErrLocked

// HolderOf is the process that has a data folder open. It errors when none has.
func HolderOf(dir string) (pid int, err error) { return embedded.Holder(dir) }

// PortError says that a port cannot be listened on; its Name is "HTTP",
// "Kafka", "Temporal" or "Temporal UI".
type PortError = embedded.PortError

// VersionError says that the data folder was written by another version.
type VersionError = embedded.VersionError

// startEngine starts the engine and returns it with the configuration of a
// skald that runs on it.
func (c DevConfig) startEngine(ctx context.Context) (*Engine, Config, error) {
	durability := embedded.SurviveProcess
	if c.PowerLoss {
		durability = embedded.SurvivePowerLoss
	}
	engine, err := embedded.Start(ctx, embedded.Options{
		Dir: c.Dir, KafkaPort: c.KafkaPort, TemporalPort: c.TemporalPort, UIPort: c.UIPort,
		Durability: durability, Logger: c.Logger, SearchAttributes: searchAttributes(),
	})
	if err != nil {
		return nil, Config{}, err
	}
	config, err := c.onEngine(engine)
	if err != nil {
		return nil, Config{}, errors.Join(err, engine.Close())
	}
	return engine, config, nil
}

// devSlots is fewer than workers.DefaultSlots, because in one process a saga waits
// for nothing far away: more at a time do not end sooner, and new orders wait for
// their turn at the processor behind all of them.
const devSlots = 24

func (c DevConfig) onEngine(engine *Engine) (Config, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return Config{}, fmt.Errorf("data folder: %w", err)
	}
	return Config{
		Listen:     net.JoinHostPort("127.0.0.1", strconv.Itoa(c.ListenPort)),
		Database:   "sqlite:" + filepath.Join(dir, "skald.db"),
		Kafka:      engine.Kafka(),
		Temporal:   engine.Temporal(),
		Namespace:  engine.Namespace(),
		TemporalUI: engine.UI(),
		Patience:   c.Patience,
		Slots:      devSlots,
		Keep:       c.Keep,
		PaymentURL: c.PaymentURL, CarrierURL: c.CarrierURL, ProviderSecret: c.ProviderSecret,
		PowerLoss: c.PowerLoss,
		Logger:    c.Logger,
		Version:   c.Version,
		Seams:     c.Seams,
		Faults:    Faults{Mode: c.Faults, Unlimited: true},
	}, nil
}

func searchAttributes() map[string]enumspb.IndexedValueType {
	attributes := map[string]enumspb.IndexedValueType{}
	for _, name := range skald.SearchAttributes() {
		attributes[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
	return attributes
}
