package embedded

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"syscall"
)

const loopback = "127.0.0.1"

// Free ports are looked for below every system's ephemeral range (Linux starts
// at 32768). A port from the ephemeral range could be given to any outgoing
// connection while its part is stopped; worse, a client that dials it then can
// be handed that same port as its own and connect to itself.
const (
	firstFreePort = 20000
	lastFreePort  = 29999
	freePortTries = 200
)

// PortError says that the port of a part cannot be listened on.
type PortError struct {
	Name string // "Kafka", "Temporal" or "Temporal UI"
	Port int
	Err  error
}

func (e *PortError) Error() string {
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return fmt.Sprintf("port %d for %s is in use by another program", e.Port, e.Name)
	}
	return fmt.Sprintf("port %d for %s: %v", e.Port, e.Name, e.Err)
}

func (e *PortError) Unwrap() error { return e.Err }

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

// choosePort returns port when it can be listened on, and any free port for 0.
func choosePort(name string, port int) (int, error) {
	if port == 0 {
		return freePort(name)
	}
	if err := tryPort(port); err != nil {
		return 0, &PortError{Name: name, Port: port, Err: err}
	}
	return port, nil
}

// given holds the free ports that this process has chosen. Other engines of it
// look for ports between a choice and its use, so none is chosen twice.
var given = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

var errGiven = errors.New("chosen before")

func freePort(name string) (int, error) {
	given.Lock()
	defer given.Unlock()
	var last error
	for range freePortTries {
		port := firstFreePort + rand.IntN(lastFreePort-firstFreePort+1) //nolint:gosec // any port will do
		if given.ports[port] {
			last = errGiven
			continue
		}
		if last = tryPort(port); last == nil {
			given.ports[port] = true
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port for %s between %d and %d: %w", name, firstFreePort, lastFreePort, last)
}

func tryPort(port int) error {
	listener, err := net.Listen("tcp", address(port)) //nolint:noctx // listening on loopback does not wait
	if err != nil {
		return err
	}
	return listener.Close()
}
