package soak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// server is one of the stack's, which cannot be paused by itself: Postgres is a
// family of processes.
type server struct {
	running interface {
		Kill() error
		Start(ctx context.Context) error
		Stop(ctx context.Context) error
		PID() int
	}
}

func (s server) Kill() error                    { return s.running.Kill() }
func (s server) Stop(ctx context.Context) error { return s.running.Stop(ctx) }
func (s server) Pause() error                   { return s.tell(syscall.SIGSTOP) }
func (s server) Resume() error                  { return s.tell(syscall.SIGCONT) }

// Start starts it until it stays, as whoever supervises it would: a Temporal that
// finds its database away ends.
func (s server) Start(ctx context.Context) error {
	for {
		if err := s.running.Start(ctx); err == nil || !sleep(ctx, pollEvery) {
			return err
		}
	}
}

// AwaitHealthy has nothing to wait for: Start returns when the server answers.
func (s server) AwaitHealthy(context.Context) error { return nil }

// tell signals the parent first: stopped, it makes no more children meanwhile.
func (s server) tell(signal syscall.Signal) error {
	pid := s.running.PID()
	if pid == 0 {
		return errors.New("it does not run")
	}
	if err := syscall.Kill(pid, signal); err != nil {
		return err
	}
	children, err := childrenOf(pid)
	for _, child := range children {
		if failed := syscall.Kill(child, signal); failed != nil && !errors.Is(failed, syscall.ESRCH) { // one may just have ended
			err = errors.Join(err, failed)
		}
	}
	return err
}

// childrenOf reads Linux' proc(5): the fourth field of stat is the parent, and
// the second, the command, may hold spaces.
func childrenOf(parent int) (children []int, err error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // G304: one of proc(5)
		if err != nil {
			continue // it has ended
		}
		var state string
		var of int
		if _, err := fmt.Sscan(string(text[bytes.LastIndexByte(text, ')')+1:]), &state, &of); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if of == parent {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil {
				return nil, err
			}
			children = append(children, pid)
		}
	}
	return children, nil
}

// addressOf is the host and port of a URL that this program made.
func addressOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return address
	}
	return parsed.Host
}
