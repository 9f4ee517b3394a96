package fleet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// tally counts how attacks were answered.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (t *tally) count(attack, answer string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[attack+": "+answer]++
}

// report wants every attack to be closed, with a refusal of its own or without
// a word.
func (t *tally) report(test *testing.T) {
	test.Helper()
	test.Logf("hostile clients were told: %v", t.counts)
	for told := range t.counts {
		if !slices.Contains([]string{
			"half a header: ", "half a header: 408", "slow body: ", "slow body: 408", "endless body: ", "endless body: 413",
		}, told) {
			test.Errorf("a hostile client was told %q", told)
		}
	}
}

// attack holds a connection by what write does until the gateway ends it, which
// it must, and returns the status of the answer, if there was one.
func attack(t *testing.T, host string, write func(net.Conn) error) string {
	connection, err := dialHostile(t.Context(), host)
	if err != nil {
		return "" // turned away at the door
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(patienceLimit)); err != nil {
		t.Error(err)
	}
	ended := make(chan string, 1)
	go func() {
		answer, err := io.ReadAll(connection) // until the gateway closes
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a hostile connection is still open after %s", patienceLimit)
		}
		status, _ := strings.CutPrefix(string(answer), "HTTP/1.1 ")
		ended <- status[:min(3, len(status))]
	}()
	_ = write(connection) // it fails when the gateway has had enough
	return <-ended
}

func dialHostile(ctx context.Context, host string) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(attacker)}, Timeout: patienceLimit}
	return dialer.DialContext(ctx, "tcp", host)
}

const hostileHeader = "POST /v1/orders HTTP/1.1\r\nHost: skald\r\nContent-Type: application/json\r\nX-Forwarded-For: " + spoofed + "\r\n"

func halfAHeader(c net.Conn) error {
	_, err := io.WriteString(c, hostileHeader)
	return err
}

// slowBody sends a byte at a time until it is stopped.
func slowBody(c net.Conn) error {
	_, err := io.WriteString(c, hostileHeader+"Content-Length: 1000\r\n\r\n{")
	for err == nil {
		time.Sleep(200 * time.Millisecond) // slowness is the attack
		_, err = io.WriteString(c, " ")
	}
	return err
}

// endlessBody sends as fast as it can, and never ends.
func endlessBody(c net.Conn) error {
	_, err := io.WriteString(c, hostileHeader+"Transfer-Encoding: chunked\r\n\r\n")
	chunk := "1000\r\n" + strings.Repeat(" ", 0x1000) + "\r\n"
	for err == nil {
		_, err = io.WriteString(c, chunk)
	}
	return err
}
