package app_test

import (
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
	"sync"
	"testing"
)

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// given are the ports that freePort has answered.
var given sync.Map

// freePort is a port that stays free until its test asks for it by number: it
// lies below the range from which systems give ports to outgoing connections,
// and no other test gets it.
func freePort(t *testing.T) int {
	t.Helper()
	for range 200 {
		port := 12000 + rand.IntN(8000)
		if _, taken := given.LoadOrStore(port, true); taken {
			continue
		}
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address(port))
		if err == nil {
			_ = listener.Close()
			return port
		}
	}
	t.Fatal("no free port between 12000 and 20000")
	return 0
}

// portOf is the port in a URL.
func portOf(t *testing.T, address string) int {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(parsed.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
