package fleet_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/fleet"
)

// The test binary is also the skald that a fleet of these tests runs: its first
// argument says how to behave.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if behave, ok := behaviours[os.Args[1]]; ok {
			os.Exit(behave())
		}
	}
	os.Exit(m.Run())
}

var behaviours = map[string]func() int{
	"serve":  serveUntil(syscall.SIGTERM, 0),
	"grumpy": serveUntil(syscall.SIGTERM, 3),
	"deaf":   serveUntil(syscall.SIGUSR1, 0),
	"broken": func() int { fmt.Fprintln(os.Stderr, "the disk is on fire"); return 1 },
	"tell": func() int {
		environment := os.Environ()
		slices.Sort(environment)
		fmt.Println(strings.Join(append(os.Args[2:], environment...), "\n"))
		return 0
	},
	"health": func() int {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, os.Getenv("SKALD_SERVER"), http.NoBody)
		if err != nil {
			return 1
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return 1
		}
		_ = answer.Body.Close()
		return 0
	},
	"countdown": countdown,
}

// serveUntil answers HTTP until a signal, and exits with code. It cannot be told
// otherwise.
func serveUntil(last syscall.Signal, code int) func() int {
	return func() int {
		signals := make(chan os.Signal, 1)
		signal.Ignore(syscall.SIGTERM)
		signal.Notify(signals, last)
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", os.Getenv("SKALD_LISTEN"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
		go func() { _ = server.Serve(listener) }() // until the process ends
		fmt.Println("listening on", listener.Addr())
		<-signals
		return code
	}
}

// countdown fails as often as a file has bytes, and takes one each time.
func countdown() int {
	text, err := os.ReadFile(os.Getenv("COUNTDOWN"))
	if err != nil || len(text) == 0 {
		return 0
	}
	_ = os.WriteFile(os.Getenv("COUNTDOWN"), text[1:], 0o600)
	fmt.Fprintf(os.Stderr, "%d left\n", len(text)-1)
	return 1
}

// describe writes a compose file.
func describe(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "docker-compose.yml")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// start starts a fleet of this test binary.
func start(t *testing.T, o fleet.Options) (*fleet.Fleet, error) {
	t.Helper()
	o.Binary, o.Dir = os.Args[0], t.TempDir()
	f, err := fleet.Start(t.Context(), o)
	if err == nil {
		t.Cleanup(func() { _ = f.Close() }) // what it must say is asked for in the test
	}
	return f, err
}
