package admission_test

import (
	"errors"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/skald-saga/skald/internal/admission"
)

func TestOneClientCannotTakeAll(t *testing.T) {
	t.Parallel()
	c := admission.NewCounts(3, 2, nil)
	leave := make([]func(), 2)
	for n := range leave {
		var err error
		if leave[n], err = c.Enter(ada); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Enter(ada); !errors.Is(err, admission.ErrClientFull) {
		t.Errorf("a third: %v", err)
	}
	if _, err := c.Enter(egil); err != nil {
		t.Errorf("another client: %v", err)
	}
	if _, err := c.Enter(egil); !errors.Is(err, admission.ErrFull) {
		t.Errorf("a fourth of all: %v", err)
	}
	leave[0]()
	leave[0]()
	if _, err := c.Enter(ada); err != nil {
		t.Errorf("when one has left: %v", err)
	}
	if _, err := c.Enter(egil); !errors.Is(err, admission.ErrFull) {
		t.Errorf("who leaves twice makes room for two: %v", err)
	}
}

func TestWhoSpeaksForManyHasOnlyTheLimitOfAll(t *testing.T) {
	t.Parallel()
	c := admission.NewCounts(3, 1, []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/96")})
	for _, address := range []string{"192.0.2.1", "::ffff:192.0.2.1", "2001:db8::5"} {
		if _, err := c.Enter(netip.MustParseAddr(address)); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := c.Enter(ada); !errors.Is(err, admission.ErrFull) {
		t.Errorf("above the limit of all: %v", err)
	}
}

// Whatever comes and goes, no limit is passed, nobody is refused below it, and
// nothing is kept of those who have left.
func TestCountsAgreeWithTheirLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const total, each = 5, 2
		c := admission.NewCounts(total, each, nil)
		clients := []netip.Addr{ada, egil, netip.MustParseAddr("2001:db8::1"), {}}
		open := map[netip.Addr][]func(){}
		all := 0
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(t *rapid.T) {
				client := rapid.SampledFrom(clients).Draw(t, "client")
				var want error
				switch {
				case all == total:
					want = admission.ErrFull
				case len(open[client]) == each:
					want = admission.ErrClientFull
				}
				leave, err := c.Enter(client)
				if !errors.Is(err, want) {
					t.Fatalf("got %v, want %v", err, want)
				}
				if err == nil {
					open[client] = append(open[client], leave)
					all++
				}
			},
			"leave": func(t *rapid.T) {
				client := rapid.SampledFrom(clients).Draw(t, "client")
				if n := len(open[client]); n > 0 {
					open[client][n-1]()
					open[client] = open[client][:n-1]
					all--
				}
			},
			"": func(t *rapid.T) {
				if c.Open() != all {
					t.Fatalf("%d open, want %d", c.Open(), all)
				}
			},
		})
	})
}
