package inject_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skald-saga/skald/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func engine(t testing.TB, terse string) *fault.Engine {
	t.Helper()
	e, err := fault.New(fault.Options{Policy: fault.Development(), Process: "test", Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	if terse == "" {
		return e
	}
	rules, err := fault.Parse(terse)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Add(rules...); err != nil {
		t.Fatal(err)
	}
	return e
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// soon bounds every wait of a test for something that must happen.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// at is a context as an activity of order o-1 has it.
func at(ctx context.Context, within fault.Point, attempt int) context.Context {
	return fault.WithCall(ctx, fault.Call{Point: within, Within: within, Order: "o-1", Attempt: attempt})
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// eventually polls condition until it holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	ctx := soon(t)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
