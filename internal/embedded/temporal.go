package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/temporal"
)

// checkpointLimit bounds the last write of a stopped server's files.
const checkpointLimit = 30 * time.Second

// TemporalOptions describe one server; every field but OnFailure and
// SearchAttributes is required.
type TemporalOptions struct {
	Dir              string
	Namespace        string
	Port             int
	Durability       Durability
	Retention        time.Duration
	SearchAttributes map[string]enumspb.IndexedValueType
	Logger           *slog.Logger
	LogLevel         slog.Leveler
	// OnFailure is told when a started server dies. It must not block.
	OnFailure func(error)
}

// Temporal is one running server. To restart it, close it and start another on
// the same folder and port. (A folder that was deleted must not be used again
// in the same process: the server keeps its files open until the process ends.)
type Temporal struct {
	server      temporal.Server
	files       []file
	onFailure   func(error)
	closeOnce   sync.Once
	closeResult error

	stopping atomic.Bool

	mu      sync.Mutex
	failure error
	running bool
}

// StartTemporal returns when the namespace answers. A port that cannot be
// listened on is a *PortError, a folder of another version a *VersionError.
// The server cannot be interrupted while it starts: when ctx ends, StartTemporal
// stops it as soon as it is up and returns the context's error.
func StartTemporal(ctx context.Context, o TemporalOptions) (*Temporal, error) {
	if err := tryPort(o.Port); err != nil {
		return nil, &PortError{Name: "Temporal", Port: o.Port, Err: err}
	}
	main, visibility, err := prepareFiles(ctx, o)
	if err != nil {
		return nil, err
	}
	t := &Temporal{files: []file{main, visibility}, onFailure: o.OnFailure}
	logger := &serverLog{logger: o.Logger.With("part", "temporal"), level: o.LogLevel, stopping: t.stopping.Load, fatal: t.failed, building: new(atomic.Bool)}
	if err := t.start(o.Port, main, visibility, logger); err != nil {
		return nil, err
	}
	if err := t.awaitNamespace(ctx, address(o.Port), o.Namespace); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	if err := t.markRunning(); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// Close stops the server, then moves its write-ahead logs into the files. It
// waits; a server with open long polls takes about a second.
func (t *Temporal) Close() error {
	t.closeOnce.Do(func() {
		t.stopping.Store(true)
		t.closeResult = guarded(t.server.Stop)

		ctx, cancel := context.WithTimeout(context.Background(), checkpointLimit)
		defer cancel()
		for _, f := range t.files {
			t.closeResult = errors.Join(t.closeResult, f.checkpoint(ctx))
		}
	})
	return t.closeResult
}

func prepareFiles(ctx context.Context, o TemporalOptions) (main, visibility file, err error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return main, visibility, err
	}
	main, visibility = newMainFile(o.Dir, o.Durability), newVisibilityFile(o.Dir)
	if err := prepareMain(ctx, main); err != nil {
		return main, visibility, err
	}
	if err := prepareVisibility(ctx, visibility); err != nil {
		return main, visibility, err
	}
	columns, err := namespace{o.Namespace, o.Retention, o.SearchAttributes}.ensure(ctx, main)
	if err != nil {
		return main, visibility, err
	}
	return main, visibility, ensureAttributeIndexes(ctx, visibility, columns)
}

// startAttempts bounds how often other ports are tried. Between the choice of a
// free port and its use another program may take it.
const startAttempts = 3

func (t *Temporal) start(port int, main, visibility file, logger *serverLog) error {
	for attempt := 1; ; attempt++ {
		err := t.startOnce(port, main, visibility, logger)
		// The server logs the error's text and nothing else of it.
		if err == nil || attempt == startAttempts || !strings.Contains(err.Error(), syscall.EADDRINUSE.Error()) {
			return err
		}
		t.forgetFailure()
	}
}

func (t *Temporal) startOnce(port int, main, visibility file, logger *serverLog) error {
	services, err := choosePorts(port)
	if err != nil {
		return err
	}
	err = guarded(func() error {
		server, err := newServer(services, main, visibility, logger)
		if err != nil {
			return fmt.Errorf("build the temporal server: %w", err)
		}
		t.server = server
		return server.Start()
	})
	if err == nil {
		return nil
	}
	// What the server logged before it gave up says more than what it returned.
	if failure := t.firstFailure(); failure != nil {
		return failure
	}
	return fmt.Errorf("start the temporal server: %w", err)
}

// failed is called by serverLog.Fatal. Before the server runs the failure is
// the result of the start, afterwards it is news; while it stops, services that
// miss each other are neither.
func (t *Temporal) failed(err error) {
	t.mu.Lock()
	first := t.failure == nil
	if first {
		t.failure = err
	}
	running := t.running
	t.mu.Unlock()
	if first && running && !t.stopping.Load() && t.onFailure != nil {
		t.onFailure(err)
	}
}

func (t *Temporal) forgetFailure() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failure = nil
}

func (t *Temporal) firstFailure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failure
}

// markRunning returns a failure that came too late for the start to notice and
// too early for onFailure.
func (t *Temporal) markRunning() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = true
	return t.failure
}
