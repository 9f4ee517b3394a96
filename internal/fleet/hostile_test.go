package fleet_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// attacker is where hostile clients come from: another address of loopback
	// than the customers'.
	attacker = "127.0.0.2"
	// spoofed is whom they say that they are.
	spoofed = "203.0.113.7"

	halfOpen = 1200
	slow     = 50
	// patienceLimit is more than a gateway gives anybody: 5 s for a header, 15 s
	// for a body, 30 s for everything.
	patienceLimit = 40 * time.Second
	// pleasantLimit is how long a customer waits for an answer meanwhile.
	pleasantLimit = 5 * time.Second
)

// Hostile clients hold one gateway as well as they can. They are all ended, and
// customers notice nothing.
func hostileClients(t *testing.T, in *installation) {
	s := newShop(in, "hostile", func(a answer) error { return fmt.Errorf("an answer to a customer among hostile clients: %s", a) })
	open, closeShop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.open(open, pace{every: 50 * time.Millisecond, customers: 8})
	}()
	defer func() { closeShop(); <-done }()

	target := in.WithRole("gateway")[0]
	host := strings.TrimPrefix(target.URL(), "http://")
	var attacks sync.WaitGroup
	said := &tally{}
	for range slow { // first, because the flood takes every connection that one client may have
		attacks.Go(func() { said.count("slow body", attack(t, host, slowBody)) })
		attacks.Go(func() { said.count("endless body", attack(t, host, endlessBody)) })
	}
	for range halfOpen {
		attacks.Go(func() { said.count("half a header", attack(t, host, halfAHeader)) })
	}
	wantRefused(t, host)
	wantUnmoved(t, target.Log(), host)
	attacks.Wait()
	closeShop()
	<-done
	s.report(t)
	said.report(t)
	if s.longest > pleasantLimit {
		t.Errorf("a customer waited %s for an answer, want %s at most", s.longest, pleasantLimit)
	}
	in.awaitFinal(t, s)
	must(t, in.allReady(t.Context()))
}

// wantRefused sends a body whose length says already that it is too long.
func wantRefused(t *testing.T, host string) {
	t.Helper()
	connection, err := dialHostile(t.Context(), host)
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) {
		return
	}
	must(t, err)
	defer connection.Close()
	_, err = io.WriteString(connection, hostileHeader+"Content-Length: 1000000000\r\n\r\n")
	must(t, err)
	must(t, connection.SetDeadline(time.Now().Add(patienceLimit)))
	got, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return // too many of the same client: closed unread
	}
	defer func() { _ = got.Body.Close() }() // only the status counts
	if got.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("an oversized body is answered %d, want 413", got.StatusCode)
	}
}

// wantUnmoved wants the log to name the client that the connection comes from,
// and never whom it says that it is.
func wantUnmoved(t *testing.T, log, host string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/v1/stock", http.NoBody)
	must(t, err)
	request.Header.Set("X-Forwarded-For", spoofed)
	request.Header.Set("X-Request-Id", "spoofed-1")
	got, err := http.DefaultClient.Do(request)
	must(t, err)
	must(t, got.Body.Close())
	eventually(t, recoverLimit, "the request is in the log", func() error {
		text, err := os.ReadFile(log)
		must(t, err)
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, `"request_id":"spoofed-1"`) {
				if !strings.Contains(line, `"client":"127.0.0.1"`) {
					t.Errorf("the log names another client: %s", line)
				}
				return nil
			}
		}
		return errors.New("it is not")
	})
}
