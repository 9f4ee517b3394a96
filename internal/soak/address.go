package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Free ports are looked for below every system's range of ports for outgoing
// connections (Linux starts at 32768), so that a port is still free when its
// process comes back. The other rooms that start processes look elsewhere.
const (
	firstFreePort = 26000
	lastFreePort  = 29999
	freePortTries = 200
)

func freeAddress(ctx context.Context) (string, error) {
	var last error
	for range freePortTries {
		port := firstFreePort + rand.IntN(lastFreePort-firstFreePort+1) //nolint:gosec // G404: a free port is no secret
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err == nil {
			return address, listener.Close()
		}
		last = err
	}
	return "", fmt.Errorf("no free port between %d and %d: %w", firstFreePort, lastFreePort, last)
}
