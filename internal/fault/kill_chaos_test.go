//go:build skald_chaos && unix

package fault_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/skald-saga/skald/internal/fault"
)

// victim names the rule by which a child process kills itself.
const victim = "SKALD_TEST_FAULT_VICTIM"

func TestAKillNeedsALimit(t *testing.T) {
	t.Parallel()
	_, err := fault.Parse("charge_payment=kill")
	if text(err) != `rule "charge_payment=kill": times is 0: a kill needs a limit, or the process dies again after every start` {
		t.Error(err)
	}
}

func TestAKillEndsTheProcessAfterItWasCounted(t *testing.T) {
	if terse := os.Getenv(victim); terse != "" {
		e := engine(t, fault.Options{Counter: announcing{fault.NewCounter()}})
		add(t, e, terse)
		_, _ = fault.Do(t.Context(), e, charge(1), func(context.Context) (string, error) { return "", write("done\n") })
		_ = write("survived\n")
		return
	}
	t.Parallel()
	for terse, want := range map[string]string{
		"charge_payment=1*kill->off":       "counted\n",
		"charge_payment/after=1*kill->off": "done\ncounted\n",
	} {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAKillEndsTheProcessAfterItWasCounted$") //nolint:gosec // this test itself
		child.Env = append(os.Environ(), victim+"="+terse)
		var out bytes.Buffer
		child.Stdout = &out
		var exit *exec.ExitError
		if err := child.Run(); !errors.As(err, &exit) {
			t.Fatalf("%s: %v\n%s", terse, err, out.String())
		}
		status, ok := exit.Sys().(syscall.WaitStatus)
		if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL || out.String() != want {
			t.Errorf("%s: ended with %v and said %q, want SIGKILL and %q", terse, exit, out.String(), want)
		}
	}
}

// announcing says when it has counted.
type announcing struct{ fault.Counter }

func (a announcing) Take(ctx context.Context, key string, limit int) (bool, error) {
	taken, err := a.Counter.Take(ctx, key, limit)
	return taken, errors.Join(err, write("counted\n"))
}

// write goes past every buffer: the process may die after it.
func write(text string) error {
	_, err := os.Stdout.WriteString(text)
	return err
}
