package fault_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skald-saga/skald/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is when every test's clock begins.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// clock stands until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: noon} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func engine(t testing.TB, o fault.Options) *fault.Engine {
	t.Helper()
	if o.Policy.Reach == "" {
		o.Policy = fault.Development()
	}
	if o.Process == "" {
		o.Process = "test"
	}
	if o.Now == nil {
		o.Now = newClock().Now
	}
	o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	e, err := fault.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// with is an engine that holds the rules.
func with(t testing.TB, terse string) *fault.Engine {
	t.Helper()
	e := engine(t, fault.Options{})
	add(t, e, terse)
	return e
}

func add(t testing.TB, e *fault.Engine, terse string) {
	t.Helper()
	if err := e.Add(parse(t, terse)...); err != nil {
		t.Fatal(err)
	}
}

func parse(t testing.TB, terse string) []fault.Rule {
	t.Helper()
	rules, err := fault.Parse(terse)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func charge(attempt int) fault.Call {
	return fault.Call{Point: "charge_payment", Order: "o-1", Attempt: attempt}
}

// soon bounds every wait of a test for something that must happen.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// struck is what fires at the call.
func struck(t testing.TB, e *fault.Engine, phase fault.Phase, call fault.Call) []*fault.Strike {
	t.Helper()
	return slices.Collect(e.Strikes(t.Context(), phase, call))
}
