package fleet

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// Free ports are looked for below every system's ephemeral range (Linux starts
// at 32768), where no outgoing connection can take the port of a replica that is
// down. internal/stack and internal/embedded look in ranges of their own.
const (
	firstFreePort = 30000
	lastFreePort  = 32767
	freePortTries = 200
)

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

func freePort() (int, error) {
	var last error
	for range freePortTries {
		port := firstFreePort + rand.IntN(lastFreePort-firstFreePort+1) //nolint:gosec // a free port is no secret
		listener, err := net.Listen("tcp", address(port))               //nolint:noctx // listening on loopback does not wait
		if err == nil {
			return port, listener.Close()
		}
		last = err
	}
	return 0, fmt.Errorf("no free port between %d and %d: %w", firstFreePort, lastFreePort, last)
}
