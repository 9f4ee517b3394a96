package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Limits of a server's life.
const (
	readyLimit = 2 * time.Minute // from its start to its first answer
	probeLimit = 3 * time.Second // for one answer
	probePause = 100 * time.Millisecond
	stopGrace  = 30 * time.Second // from being asked to end until it is killed
)

// server is one program that is started, awaited, stopped and started again,
// always at the same address. It is safe for concurrent use.
type server struct {
	name    string
	command command
	address string
	pidFile string
	probe   func(context.Context) error // nil when the server is ready; may set up what is missing
	grace   time.Duration
	logger  *slog.Logger

	mu      sync.Mutex
	running *process // nil before the first start
}

func newServer(o Options, name string, c command, port int, f *folder) *server {
	return &server{
		name: name, command: c, address: address(port), pidFile: f.join(strings.ToLower(name) + ".pid"),
		grace: stopGrace, logger: o.Logger,
	}
}

// Start starts the server and returns when it has answered in its own protocol.
// It errors when the server runs already, ends at once or is not ready within
// two minutes; the error quotes the end of its log, and the server is stopped.
func (s *server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running.alive() {
		return fmt.Errorf("%s runs already, with process ID %d", s.name, s.running.pid())
	}
	began := time.Now()
	started, err := s.command.start()
	if err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	s.running = started
	err = os.WriteFile(s.pidFile, []byte(strconv.Itoa(started.pid())+"\n"), 0o600)
	if err == nil {
		err = s.awaitReady(ctx, started)
	}
	if err != nil {
		return errors.Join(err, s.kill())
	}
	s.logger.InfoContext(ctx, "server is ready", "server", s.name, "address", s.address, "pid", started.pid(),
		"after", time.Since(began).Round(time.Millisecond))
	return nil
}

// AwaitReady returns when a server that runs answers in its own protocol. It
// errors when it does not run, ends meanwhile or is not ready within two minutes.
func (s *server) AwaitReady(ctx context.Context) error {
	s.mu.Lock()
	running := s.running
	s.mu.Unlock()
	if !running.alive() {
		return fmt.Errorf("%s does not run", s.name)
	}
	return s.awaitReady(ctx, running)
}

// Stop asks the server to end in order and waits for it. One that has not ended
// after its grace period, or when ctx is done, is killed, and that is an error.
// Stopping a server that does not run does nothing.
func (s *server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running.alive() {
		return s.forget()
	}
	ctx, cancel := context.WithTimeout(ctx, s.grace)
	defer cancel()
	if err := s.running.signal(s.command.stop); err != nil {
		return fmt.Errorf("stop %s: %w", s.name, err)
	}
	select {
	case <-s.running.ended:
		s.logger.InfoContext(ctx, "server has stopped", "server", s.name)
		return s.forget()
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s did not stop when asked to and was killed: %w", s.name, ctx.Err()), s.kill())
	}
}

// Kill ends the server at once, as a crash would, and waits until all of its
// processes are gone. Killing a server that does not run does nothing.
func (s *server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kill()
}

// Restart stops the server when it runs, and starts it.
func (s *server) Restart(ctx context.Context) error {
	if err := s.Stop(ctx); err != nil {
		return err
	}
	return s.Start(ctx)
}

// PID is the server's process ID, 0 when it does not run.
func (s *server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running.alive() {
		return 0
	}
	return s.running.pid()
}

// Address is where the server listens, as host:port. It stays the same over
// every restart.
func (s *server) Address() string { return s.address }

// Log is the file to which the server writes; a restart appends.
func (s *server) Log() string { return s.command.log }

func (s *server) kill() error {
	if s.running.alive() {
		if err := s.running.kill(); err != nil {
			return fmt.Errorf("kill %s: %w", s.name, err)
		}
	}
	return s.forget()
}

// forget removes what tells others that the server runs.
func (s *server) forget() error {
	if err := os.Remove(s.pidFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
