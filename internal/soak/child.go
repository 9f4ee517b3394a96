package soak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// stopGrace is how long a process may take to end after SIGTERM.
const stopGrace = 30 * time.Second

// child is a place for a process: it can be started again, and its log goes on.
type child struct {
	command func() *exec.Cmd
	log     string
	healthy func(ctx context.Context) error

	mu      sync.Mutex
	process *os.Process // nil when none runs
	ended   chan struct{}
	err     error // of the one that ended
}

// Start starts it. It errors when it runs already.
func (c *child) Start(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process != nil {
		return fmt.Errorf("process %d runs already", c.process.Pid)
	}
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own copy
	cmd := c.command()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is for the soak, which then ends its processes in order
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	c.process, c.ended = cmd.Process, ended
	go func() {
		err := cmd.Wait()
		c.mu.Lock()
		c.err = err
		c.mu.Unlock()
		close(ended)
	}()
	return nil
}

// Kill ends it with SIGKILL and waits until it is gone.
func (c *child) Kill() error { return c.end(context.Background(), syscall.SIGKILL) }

// Stop ends it with SIGTERM. That it had to be killed is an error.
func (c *child) Stop(ctx context.Context) error { return c.end(ctx, syscall.SIGTERM) }

// Pause stops it in its tracks, Resume lets it go on.
func (c *child) Pause() error  { return c.signal(syscall.SIGSTOP) }
func (c *child) Resume() error { return c.signal(syscall.SIGCONT) }

// AwaitHealthy errors when the process ends by itself, or ctx is done.
func (c *child) AwaitHealthy(ctx context.Context) error {
	for {
		err := c.healthy(ctx)
		if err == nil {
			return nil
		}
		if gone := c.gone(); gone != nil {
			return gone
		}
		if !sleep(ctx, pollEvery) {
			return errors.Join(ctx.Err(), err)
		}
	}
}

// reap makes room for a new process when the last one has ended by itself.
func (c *child) reap() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return true
	}
	select {
	case <-c.ended:
		c.process = nil
		return true
	default:
		return false
	}
}

func (c *child) gone() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return errors.New("it does not run")
	}
	select {
	case <-c.ended:
		return fmt.Errorf("it ended by itself: %w; the end of %s: %s", c.err, c.log, c.lastWords())
	default:
		return nil
	}
}

// lastWordsBytes is how much of a log's end an error quotes.
const lastWordsBytes = 1500

func (c *child) lastWords() []byte {
	text, err := os.ReadFile(c.log)
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(text[max(0, len(text)-lastWordsBytes):])
}

func (c *child) signal(signal os.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return errors.New("it does not run")
	}
	return c.process.Signal(signal)
}

// end sends the signal and waits; a process that does not run is left alone.
func (c *child) end(ctx context.Context, signal os.Signal) error {
	c.mu.Lock()
	process, ended := c.process, c.ended
	c.mu.Unlock()
	if process == nil {
		return nil
	}
	if err := process.Signal(signal); err != nil {
		return errors.Join(err, c.gone())
	}
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	var late error
	select {
	case <-ended:
	case <-ctx.Done():
		late = errors.Join(errors.New("it did not end in time and was killed"), process.Kill())
		<-ended
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process = nil
	return late
}
