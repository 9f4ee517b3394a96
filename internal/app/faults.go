package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/fault/book"
	"github.com/skald-saga/skald/internal/fault/network"
)

// FaultMode says who may inject faults.
type FaultMode string

// The modes of failure injection.
const (
	FaultsOff     FaultMode = "off"     // nobody: nothing is wrapped, and whoever sends a fault is told
	FaultsRules   FaultMode = "rules"   // whoever calls the API under /v1/faults
	FaultsHeaders FaultMode = "headers" // also whoever places an order, for that order
)

// Faults is failure injection. The zero value is off.
type Faults struct {
	Mode FaultMode // default FaultsOff
	// Unlimited takes every valid rule. Without it rules must name their orders,
	// fire and live within fault.Production's limits, and headers are not taken:
	// where a customer's order is, nobody may make any order fail.
	Unlimited bool
}

// Validate names what cannot be used.
func (f Faults) Validate() error {
	switch f.Mode {
	case "", FaultsOff, FaultsRules:
		return nil
	case FaultsHeaders:
		if f.Unlimited {
			return nil
		}
		return errors.New("config: Faults.Mode is headers: whoever places an order could make it fail; it needs Faults.Unlimited, where no customer's order is")
	}
	return fmt.Errorf("config: Faults.Mode is %q, must be off, rules or headers", f.Mode)
}

func (f Faults) on() bool { return f.Mode == FaultsRules || f.Mode == FaultsHeaders }

func (f Faults) policy() fault.Policy {
	policy := fault.Production()
	if f.Unlimited {
		policy = fault.Development()
	}
	policy.Reach = fault.ByRules
	if f.Mode == FaultsHeaders {
		policy.Reach = fault.ByRulesAndHeaders
	}
	return policy
}

// faults is failure injection in this process. A nil one is off: none of its
// methods that wrap something wraps.
type faults struct {
	engine *fault.Engine
	book   *book.Book
	db     *database.DB
	halted atomic.Bool // by the book, as far as this process knows

	kafka, temporal, postgres *network.Link
}

// openFaults makes the engine before anything that it stands around.
func (a *App) openFaults(ctx context.Context) (err error) {
	if !a.config.Faults.on() {
		return nil
	}
	f := &faults{}
	if f.db, err = database.Open(ctx, database.Options{
		URL: faultDatabase(a.config.Database), Password: a.config.DatabasePassword, PowerLoss: a.config.PowerLoss, MaxConns: faultConns,
	}); err != nil {
		return err
	}
	a.faults = f
	if f.book, err = book.Open(ctx, f.db, book.Options{Alone: f.db.Dialect().Name == "sqlite", Logger: a.config.Logger}); err != nil {
		return err
	}
	f.engine, err = fault.New(fault.Options{
		Policy: a.config.Faults.policy(), Counter: f.book, Sink: f.book, Logger: a.config.Logger,
	})
	if err != nil {
		return err
	}
	a.config.Logger.WarnContext(ctx, "failure injection is on: orders may be made to fail", "mode", a.config.Faults.Mode, "unlimited", a.config.Faults.Unlimited)
	return f.openLinks(a.config)
}

// faultConns is how many connections the book has to Postgres.
const faultConns = 4

// faultDatabase is a file of its own on SQLite: see package book.
func faultDatabase(database string) string {
	if !strings.HasPrefix(database, "sqlite:") {
		return database
	}
	return strings.TrimSuffix(database, ".db") + "-faults.db"
}

func (f *faults) openLinks(c Config) (err error) {
	toKafka := network.Options{Name: "kafka", Engine: f.engine, Point: fault.PointNetworkKafka}
	if c.KafkaSecurity.TLS.Enabled {
		toKafka.Dial = c.KafkaSecurity.TLS.Dial
	}
	if f.kafka, err = network.New(toKafka); err != nil {
		return err
	}
	if f.temporal, err = network.New(network.Options{Name: "temporal", Engine: f.engine, Point: fault.PointNetworkTemporal}); err != nil {
		return err
	}
	f.postgres, err = network.New(network.Options{Name: "database", Engine: f.engine, Point: fault.PointNetworkDatabase})
	return err
}

func (f *faults) close() error {
	if f == nil || f.db == nil {
		return nil
	}
	return f.db.Close()
}

// follow holds the book's rules until ctx is done.
func (f *faults) follow(ctx context.Context) error {
	return f.engine.Follow(ctx, f, f.book.Changed(), 0)
}

// ActiveRules implements fault.Source. The book's switch is the only one there
// is: a resume there ends a halt here, whoever asked for either and of whichever
// process.
func (f *faults) ActiveRules(ctx context.Context) ([]fault.Active, bool, error) {
	rules, halted, err := f.book.ActiveRules(ctx)
	if err == nil && f.halted.Swap(halted) && !halted {
		f.engine.Resume()
	}
	return rules, halted, err
}

// FaultsInForce reports whether this process's engine holds the rules that are
// stored: a rule that was just added may take a second. For tests.
func (a *App) FaultsInForce(ctx context.Context) bool {
	stored, _, err := a.faults.book.ActiveRules(ctx)
	held := a.faults.engine.Rules()
	return err == nil && slices.EqualFunc(stored, held, func(a, b fault.Active) bool { return a.Name == b.Name && a.Until.Equal(b.Until) })
}
