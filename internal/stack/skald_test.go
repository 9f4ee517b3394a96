package stack_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/skald-saga/skald/internal/client"
)

// skaldProcess is `skald serve`, with the orders that it was given.
type skaldProcess struct {
	cmd    *exec.Cmd
	log    string
	api    *client.Client
	placed int
}

// fate is how the nth order ends.
func fate(n int) string {
	if n%10 == 8 || n%10 == 9 {
		return "rejected"
	}
	return "confirmed"
}

// buildSkald builds the program.
func buildSkald(t *testing.T) (binary string) {
	t.Helper()
	needStack(t)
	binary = filepath.Join(t.TempDir(), "skald")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../cmd/skald").CombinedOutput()
	if err != nil {
		t.Fatalf("build skald: %v\n%s", err, output)
	}
	return binary
}

// startSkald starts the program and returns when it is ready.
func startSkald(t *testing.T, binary string, args []string) *skaldProcess {
	t.Helper()
	s := launchSkald(t, binary, args)
	eventually(t, settleTime, func() error { return s.ready(t.Context()) })
	_, err := s.api.Receive(t.Context(), "MUG", 1000, "")
	must(t, err)
	return s
}

// launchSkald starts the program and returns when it listens.
func launchSkald(t *testing.T, binary string, args []string) *skaldProcess {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(log)
	must(t, err)
	s := &skaldProcess{log: log, cmd: exec.CommandContext(context.WithoutCancel(t.Context()), binary, append(args, "--listen", "127.0.0.1:0")...)}
	s.cmd.Stdout, s.cmd.Stderr = file, file
	must(t, errors.Join(s.cmd.Start(), file.Close()))
	t.Cleanup(func() { s.end(t) })
	s.connect(t)
	return s
}

var apiURL = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

func (s *skaldProcess) connect(t *testing.T) {
	t.Helper()
	eventually(t, settleTime, func() error {
		text, err := os.ReadFile(s.log)
		if err != nil {
			return err
		}
		url := apiURL.Find(text)
		if url == nil {
			return fmt.Errorf("skald has not said where it listens:\n%s", text)
		}
		s.api, err = client.New(client.Options{Server: string(url)})
		return err
	})
}

func (s *skaldProcess) ready(ctx context.Context) error {
	readiness, err := s.api.Ready(ctx)
	if err == nil && readiness.State != client.StateReady {
		err = fmt.Errorf("skald is %s: %v", readiness.State, readiness.Dependencies)
	}
	return err
}

// next is the number of the next order.
func (s *skaldProcess) next() int { return s.placed }

func orderID(n int) string { return fmt.Sprintf("order-%03d", n) }

// place places the nth order: of ten, one card is declined and one address is
// not served.
func (s *skaldProcess) place(t *testing.T, n int) {
	t.Helper()
	order := client.NewOrder{
		ID: orderID(n), CustomerID: "stack", Currency: "EUR",
		Items:   []client.Item{{SKU: "MUG", Quantity: 1, UnitPrice: "12.50"}},
		Payment: client.Payment{Token: "tok_visa"},
		ShipTo:  client.Address{Name: "A", Line1: "B 1", City: "C", PostalCode: "1", Country: "DE"},
	}
	switch n % 10 {
	case 8:
		order.Payment.Token = "tok_declined"
	case 9:
		order.ShipTo.Country = "AQ"
	}
	_, err := s.api.Place(t.Context(), order, "")
	must(t, err)
	s.placed++
}

func wantStatuses(count int) map[string]string {
	want := map[string]string{}
	for n := range count {
		want[orderID(n)] = fate(n)
	}
	return want
}

func (s *skaldProcess) statuses(t *testing.T) map[string]string {
	t.Helper()
	got := map[string]string{}
	for n := range s.placed {
		order, err := s.api.Order(t.Context(), orderID(n))
		must(t, err)
		got[order.ID] = order.Status
	}
	return got
}

func (s *skaldProcess) awaitFinal(t *testing.T) {
	t.Helper()
	for n := range s.placed {
		eventually(t, settleTime, func() error {
			order, err := s.api.Order(t.Context(), orderID(n))
			if err == nil && order.Status != "confirmed" && order.Status != "rejected" {
				err = fmt.Errorf("%s is %s", order.ID, order.Status)
			}
			return err
		})
	}
}

// stop asks skald to end, which it must do in order.
func (s *skaldProcess) stop(t *testing.T) {
	t.Helper()
	must(t, s.cmd.Process.Signal(syscall.SIGTERM))
	must(t, s.cmd.Wait())
}

func (s *skaldProcess) end(t *testing.T) {
	if err := s.cmd.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
		_ = s.cmd.Wait() // it reports the kill
	}
	if t.Failed() {
		text, err := os.ReadFile(s.log)
		t.Logf("skald said (%v):\n%s", err, text)
	}
}
