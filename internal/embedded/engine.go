package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// ErrClosed is returned when a part of a closed engine is asked to start.
var ErrClosed = errors.New("the embedded engine is closed")

// Engine is a Kafka broker, a Temporal server and its UI on one data folder.
// Its methods may be called from several goroutines.
type Engine struct {
	options Options // with defaults and the chosen ports
	lock    *folderLock
	failed  chan error

	mu       sync.Mutex
	closed   bool
	kafka    *Kafka
	temporal *Temporal
	ui       *UI
}

// Start opens the data folder and returns when every part answers. Errors:
// ErrLocked for a folder in use, *PortError for a port in use, *VersionError for
// a folder of another version. When it fails or ctx ends, what had started is
// stopped again before it returns.
func Start(ctx context.Context, o Options) (*Engine, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	e := &Engine{options: o.withDefaults(), failed: make(chan error, 1)}
	if err := e.open(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	for _, start := range []func(context.Context) error{e.StartKafka, e.StartTemporal, e.startUI} {
		err := ctx.Err()
		if err == nil {
			err = start(ctx)
		}
		if err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	return e, nil
}

// Kafka returns the addresses of the brokers.
func (e *Engine) Kafka() []string { return []string{address(e.options.KafkaPort)} }

// Temporal returns host:port of the Temporal frontend.
func (e *Engine) Temporal() string { return address(e.options.TemporalPort) }

// Namespace returns the Temporal namespace that exists.
func (e *Engine) Namespace() string { return e.options.Namespace }

// UI returns the URL of the Temporal UI, or "" without one.
func (e *Engine) UI() string {
	if e.options.NoUI {
		return ""
	}
	return "http://" + address(e.options.UIPort)
}

// Failed receives when a part dies behind our back. The engine is then no use
// any more: close it. It is never closed and holds the first failure only.
func (e *Engine) Failed() <-chan error { return e.failed }

// Close stops the parts in the order in which they need each other, waits for
// them and gives the folder back. Further calls do nothing.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	err := errors.Join(stop(&e.ui), stop(&e.temporal), stop(&e.kafka))
	if e.lock != nil {
		err = errors.Join(err, e.lock.Close())
	}
	return err
}

// open takes the folder and all ports before any part starts, so that a start
// that must fail leaves nothing behind.
func (e *Engine) open() error {
	dir, err := filepath.Abs(e.options.Dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	e.options.Dir = dir
	if e.lock, err = lockFolder(dir); err != nil {
		return err
	}
	if e.options.KafkaPort, err = choosePort("Kafka", e.options.KafkaPort); err != nil {
		return err
	}
	if e.options.TemporalPort, err = choosePort("Temporal", e.options.TemporalPort); err != nil {
		return err
	}
	if e.options.NoUI {
		return nil
	}
	e.options.UIPort, err = choosePort("Temporal UI", e.options.UIPort)
	return err
}

func (e *Engine) report(err error) {
	select {
	case e.failed <- err:
	default: // one failure is enough to give up
	}
}
