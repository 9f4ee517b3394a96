package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func newChild(t *testing.T, behaviour string) *server {
	t.Helper()
	return childIn(t, newFolder(t), behaviour)
}

func childIn(t *testing.T, f *folder, behaviour string) *server {
	t.Helper()
	held := newHolder()
	defer held.close()
	port := held.free(behaviour)
	s := newServer(Options{Logger: slog.New(slog.DiscardHandler)}, "Child", command{
		path: os.Args[0], args: []string{childArgument, behaviour, address(port)},
		dir: f.path, log: f.join("child.log"), stop: syscall.SIGTERM, inherits: []*os.File{f.lock},
	}, port, f)
	s.probe = func(ctx context.Context) error { return dial(ctx, s.address) }
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func dial(ctx context.Context, address string) error {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return connection.Close()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAServerComesBackAtItsAddressAfterAStopAndAfterAKill(t *testing.T) {
	t.Parallel()
	s := newChild(t, "obedient")
	must(t, s.Start(t.Context()))
	first := s.PID()
	for name, end := range map[string]func() error{"stop": func() error { return s.Stop(t.Context()) }, "kill": s.Kill} {
		must(t, end())
		if got := s.PID(); got != 0 {
			t.Errorf("after %s the server has process ID %d", name, got)
		}
		if err := dial(t.Context(), s.Address()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("after %s the address answers with %v, want a refused connection", name, err)
		}
		must(t, s.Start(t.Context()))
		must(t, dial(t.Context(), s.Address()))
	}
	must(t, s.Restart(t.Context()))
	if got := s.PID(); got == first || got == 0 {
		t.Errorf("after the restart the process ID is %d, was %d", got, first)
	}
	log, err := os.ReadFile(s.Log())
	must(t, err)
	if got := strings.Count(string(log), "listening\n"); got != 4 {
		t.Errorf("the log tells of %d starts, want 4:\n%s", got, log)
	}
}

func TestTheProcessIDIsInAFileAsLongAsTheServerRuns(t *testing.T) {
	t.Parallel()
	s := newChild(t, "obedient")
	must(t, s.Start(t.Context()))
	text, err := os.ReadFile(s.pidFile)
	must(t, err)
	if want := fmt.Sprintln(s.PID()); string(text) != want {
		t.Errorf("%s holds %q, want %q", s.pidFile, text, want)
	}
	must(t, s.Stop(t.Context()))
	if _, err := os.Stat(s.pidFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the stop the file is still there (%v)", err)
	}
}

func TestASecondStartIsRefusedAndASecondStopIsNot(t *testing.T) {
	t.Parallel()
	s := newChild(t, "obedient")
	must(t, s.Stop(t.Context()))
	must(t, s.Start(t.Context()))
	if got, want := fmt.Sprint(s.Start(t.Context())), fmt.Sprintf("Child runs already, with process ID %d", s.PID()); got != want {
		t.Errorf("second start: %s, want %s", got, want)
	}
	must(t, s.Stop(t.Context()))
	must(t, s.Stop(t.Context()))
	must(t, s.Kill())
}

func TestAServerThatEndsAtOnceIsReportedWithTheEndOfItsLog(t *testing.T) {
	t.Parallel()
	s := newChild(t, "broken")
	want := "Child ended before it was ready; its log " + s.Log() + " ends with:\nthe disk is on fire"
	if got := fmt.Sprint(s.Start(t.Context())); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestAnotherProgramOnThePortIsNotTakenForTheServer(t *testing.T) {
	t.Parallel()
	s := newChild(t, "obedient")
	squatter := newHolder()
	defer squatter.close()
	_, port, err := net.SplitHostPort(s.address)
	must(t, err)
	number, err := strconv.Atoi(port)
	must(t, err)
	must(t, squatter.takePatiently(number))
	// The first probe may reach the squatter before the server has ended, so
	// it takes its time until then.
	s.probe = func(ctx context.Context) error {
		<-s.running.ended
		return dial(ctx, s.address)
	}
	if got := fmt.Sprint(s.Start(t.Context())); !strings.HasPrefix(got, "Child ended before it was ready") || !strings.Contains(got, "address already in use") {
		t.Errorf("Start: %s", got)
	}
}

func TestAServerThatDoesNotGetReadyIsEndedWithTheContext(t *testing.T) {
	t.Parallel()
	s := newChild(t, "obedient")
	ctx, cancel := context.WithCancel(t.Context())
	s.probe = func(context.Context) error {
		cancel()
		return errors.New("still recovering")
	}
	err := s.Start(ctx)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "still recovering") {
		t.Errorf("Start: %v", err)
	}
	if got := s.PID(); got != 0 {
		t.Errorf("the server still runs, as %d", got)
	}
}

func TestAServerThatDoesNotStopIsKilledAndThatIsSaid(t *testing.T) {
	t.Parallel()
	s := newChild(t, "deaf")
	must(t, s.Start(t.Context()))
	s.grace = 50 * time.Millisecond
	err := s.Stop(t.Context())
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "Child did not stop when asked to and was killed") {
		t.Errorf("Stop: %v", err)
	}
	if got := s.PID(); got != 0 {
		t.Errorf("the server still runs, as %d", got)
	}
}

// A Postgres worker outlives its killed postmaster for a moment, and until it
// is gone the next postmaster refuses to start.
func TestAKillWaitsForTheServersChildren(t *testing.T) {
	t.Parallel()
	s := newChild(t, "parent")
	must(t, s.Start(t.Context()))
	mark := filepath.Join(s.command.dir, fmt.Sprintf("orphan-of-%d", s.PID()))
	must(t, s.Kill())
	if _, err := os.Stat(mark); err != nil {
		t.Errorf("the child had not ended when Kill returned: %v", err)
	}
}

func TestAFolderStaysInUseUntilItsLastServerHasEnded(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	f, err := openFolder(path)
	must(t, err)
	if _, err := openFolder(path); !errors.Is(err, ErrInUse) {
		t.Errorf("a second stack: %v, want %v", err, ErrInUse)
	}
	s := childIn(t, f, "obedient")
	must(t, s.Start(t.Context()))
	must(t, f.close()) // as when the program that started it was killed
	if _, err := openFolder(path); !errors.Is(err, ErrInUse) {
		t.Errorf("a second stack beside a server that was left behind: %v, want %v", err, ErrInUse)
	}
	must(t, s.Kill())
	again, err := openFolder(path)
	must(t, err)
	must(t, again.close())
}
