package stack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
	"time"
)

const (
	loopback = "127.0.0.1"
	maxPort  = 65535
)

// Free ports are looked for below every system's ephemeral range (Linux starts
// at 32768). A port of that range could be given to any outgoing connection
// while its server is stopped, and the server could not come back to it. The
// embedded engine looks in another range, so that tests of both can run at the
// same time.
const (
	firstFreePort = 10000
	lastFreePort  = 19999
	freePortTries = 200
)

// forkTime is how long a fork may hold a port that was released.
const forkTime = 200 * time.Millisecond

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

// holder keeps ports from everybody else by listening on them until their
// server starts: seconds may pass between the choice of a port and its use.
type holder struct {
	held     map[int]net.Listener
	failures []error
}

func newHolder() *holder { return &holder{held: map[int]net.Listener{}} }

// hold takes the port that is wanted, else the one of before, else a free one. A
// wanted port that is taken is a failure; one of before is replaced.
func (h *holder) hold(name string, wanted, before int) int {
	if wanted != 0 {
		if err := h.takePatiently(wanted); errors.Is(err, syscall.EADDRINUSE) {
			h.failures = append(h.failures, fmt.Errorf("port %d for %s is in use by another program", wanted, name))
		} else if err != nil {
			h.failures = append(h.failures, fmt.Errorf("port %d for %s: %w", wanted, name, err))
		}
		return wanted
	}
	if before != 0 && h.takePatiently(before) == nil {
		return before
	}
	return h.free(name)
}

func (h *holder) free(name string) int {
	var last error
	for range freePortTries {
		port := firstFreePort + rand.IntN(lastFreePort-firstFreePort+1) //nolint:gosec // a free port is no secret
		if last = h.take(port); last == nil {
			return port
		}
	}
	h.failures = append(h.failures, fmt.Errorf("no free port for %s between %d and %d: %w", name, firstFreePort, lastFreePort, last))
	return 0
}

func (h *holder) take(port int) error {
	listener, err := net.Listen("tcp", address(port)) //nolint:noctx // listening on loopback does not wait
	if err == nil {
		h.held[port] = listener
	}
	return err
}

// takePatiently takes a port that may have been released just now. A process
// that this program forks has a copy of every socket of it until it runs its own
// program; in that moment a closed port still counts as in use.
func (h *holder) takePatiently(port int) error {
	err := h.take(port)
	for deadline := time.Now().Add(forkTime); errors.Is(err, syscall.EADDRINUSE) && time.Now().Before(deadline); err = h.take(port) {
		time.Sleep(forkTime / 20) // nothing tells when the port is free
	}
	return err
}

// release gives ports to the server that starts now.
func (h *holder) release(ports ...int) {
	for _, port := range ports {
		if listener, ok := h.held[port]; ok {
			_ = listener.Close() // nobody was ever accepted
			delete(h.held, port)
		}
	}
}

func (h *holder) close() {
	for port := range h.held {
		h.release(port)
	}
}
