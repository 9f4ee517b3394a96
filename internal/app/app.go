// Package app puts the rooms together: it is the only package that knows
// everyone, and the only one that knows whether Kafka, Temporal and the
// database are embedded or elsewhere. The difference is three addresses.
//
// An App is skald as a value: a test starts it on port 0 with a temporary
// folder and stops it again. It accepts orders as soon as its database answers;
// Kafka and Temporal are waited for meanwhile.
package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/provider/sandbox"
	"github.com/skald-saga/skald/internal/store"
)

// App is skald, running. Close it when done.
type App struct {
	config   Config
	listener net.Listener
	db       *database.DB
	ledgerDB *database.DB
	store    *store.Store
	ledger   *sandbox.Sandbox
	clients  *clients
	counts   *counts
	faults   *faults // nil when failure injection is off
	parts    []*part // in the order in which they stop
	failed   chan error
	close    sync.Once
	closeErr error
	providers
}

// Start opens the databases, listens and starts every part. It errors when the
// configuration cannot be used, a database does not answer, or the port is
// taken (*PortError).
func Start(ctx context.Context, c Config) (*App, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	a := &App{config: c.withDefaults(), failed: make(chan error, 1)}
	a.config.warnOfPlain()
	for _, step := range []func(context.Context) error{a.listen, a.openMetrics, a.openFaults, a.openStore, a.openLedger, a.dial, a.startParts} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

// URL is where the HTTP API answers.
func (a *App) URL() string {
	scheme := "http://"
	if a.config.HTTPS.Enabled {
		scheme = "https://"
	}
	return scheme + a.listener.Addr().String()
}

// Failed receives when a part ends by itself. The App is then no use any more:
// close it.
func (a *App) Failed() <-chan error { return a.failed }

// Store is the App's state, for tests that look at it.
func (a *App) Store() *store.Store { return a.store }

// Database is where the state is, for tests that look at its tables.
func (a *App) Database() *database.DB { return a.db }

// Ledger is the sandbox providers', for tests that count captures.
func (a *App) Ledger() *sandbox.Sandbox { return a.ledger }

// Close stops the parts one after the other, each when nothing can reach it any
// more: HTTP, intake, sagas, relay. Then it closes clients and databases. It
// returns within Config.StopLimit: with an error if something has not stopped by
// then, and the App is then only good for ending the process. It is safe to call
// twice.
func (a *App) Close() error {
	a.close.Do(func() { a.closeErr = a.closeInTime() })
	return a.closeErr
}

func (a *App) shutdown(next func(what string)) error {
	for _, part := range a.parts {
		next(part.name)
		part.stop()
	}
	next("clients and databases")
	if a.clients != nil {
		a.clients.close()
	}
	for _, closer := range a.closers {
		closer()
	}
	var failures []error
	if a.listener != nil {
		if err := a.listener.Close(); !errors.Is(err, net.ErrClosed) {
			failures = append(failures, err)
		}
	}
	if a.store != nil {
		failures = append(failures, a.store.Close())
	}
	for _, db := range []*database.DB{a.db, a.ledgerDB} {
		if db != nil {
			failures = append(failures, db.Close())
		}
	}
	failures = append(failures, a.faults.close())
	return errors.Join(slices.DeleteFunc(failures, func(err error) bool { return err == nil })...)
}

func (a *App) listen(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.config.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return httpPortError(a.config.Listen, err)
	}
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.config.Listen, err)
	}
	a.listener = listener
	return nil
}

func httpPortError(address string, err error) error {
	_, port, splitErr := net.SplitHostPort(address)
	number, convErr := strconv.Atoi(port)
	if splitErr != nil || convErr != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	return &PortError{Name: "HTTP", Port: number, Err: err}
}

func (a *App) openStore(ctx context.Context) (err error) {
	a.db, err = database.Open(ctx, database.Options{
		URL: a.config.Database, Password: a.config.DatabasePassword, PowerLoss: a.config.PowerLoss,
		Wrap: a.faults.database(a.config.Seams.Database), Dial: a.faults.dialDatabase(),
	})
	if err != nil {
		return err
	}
	if a.store, err = store.Open(ctx, a.db); err != nil {
		return err
	}
	a.store.Watch(a.counts.recorded)
	if a.faults != nil {
		a.store.MarkStruck(a.faults.book.Struck)
	}
	return nil
}

func (a *App) openLedger(ctx context.Context) (err error) {
	a.ledgerDB, err = database.Open(ctx, database.Options{URL: a.config.Ledger, Password: a.config.LedgerPassword, PowerLoss: a.config.PowerLoss})
	if err != nil {
		return err
	}
	if a.ledger, err = sandbox.Open(ctx, a.ledgerDB); err != nil {
		return err
	}
	return a.openProviders()
}
