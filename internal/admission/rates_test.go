package admission_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skald-saga/skald/internal/admission"
)

var (
	ada  = netip.MustParseAddr("192.0.2.1")
	egil = netip.MustParseAddr("192.0.2.2")
)

// asks asks n times and returns how often that was allowed.
func asks(r *admission.Rates, client netip.Addr, n int) (allowed int) {
	for range n {
		if _, ok := r.Ask(client); ok {
			allowed++
		}
	}
	return allowed
}

func TestAClientMayAskItsBurstAndThenAtItsRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := admission.NewRates(10, 5, 100)
		if allowed := asks(r, ada, 20); allowed != 5 {
			t.Errorf("allowed %d at once, want 5", allowed)
		}
		if after, ok := r.Ask(ada); ok || after != 100*time.Millisecond {
			t.Errorf("allowed %t, after %s; want false, 100ms", ok, after)
		}
		time.Sleep(100 * time.Millisecond)
		if allowed := asks(r, ada, 20); allowed != 1 {
			t.Errorf("allowed %d after 100 ms, want 1", allowed)
		}
		time.Sleep(time.Hour)
		if allowed := asks(r, ada, 20); allowed != 5 {
			t.Errorf("allowed %d after an hour, want 5", allowed)
		}
	})
}

func TestAClientThatAsksTooOftenCostsOthersNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := admission.NewRates(1, 2, 100)
		asks(r, ada, 1000)
		if allowed := asks(r, egil, 2); allowed != 2 {
			t.Errorf("allowed %d, want 2", allowed)
		}
	})
}

func TestTheAddressesOfOneNetworkAreOneClient(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		other string
		same  bool
	}{
		"another of the /64":      {"2001:db8:1:2:ffff::9", true},
		"another /64":             {"2001:db8:1:3::1", false},
		"with a zone":             {"2001:db8:1:2::1%eth0", true},
		"an address of IPv4":      {"192.0.2.1", false},
		"another address of IPv4": {"192.0.2.2", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := admission.NewRates(1, 1, 100)
			asks(r, netip.MustParseAddr("2001:db8:1:2::1"), 1)
			if allowed := asks(r, netip.MustParseAddr(test.other), 1); allowed == 1 == test.same {
				t.Errorf("allowed %d", allowed)
			}
		})
	}
	r := admission.NewRates(1, 1, 100)
	asks(r, ada, 1)
	if asks(r, netip.MustParseAddr("::ffff:192.0.2.1"), 1) != 0 {
		t.Error("an IPv4 address is another client when it is written in IPv6")
	}
	asks(r, netip.Addr{}, 1)
	if asks(r, netip.Addr{}, 1) != 0 {
		t.Error("what is no address is not counted")
	}
}

// Each of very many addresses asks once.
func TestHoweverManyAskTheMemoryIsBoundedAndWhoAsksOftenIsRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := admission.NewRates(1, 1, 10)
		asks(r, ada, 1)
		for n := range uint32(100_000) {
			var bytes [4]byte
			binary.BigEndian.PutUint32(bytes[:], 10<<24|n)
			if _, ok := r.Ask(netip.AddrFrom4(bytes)); !ok {
				t.Fatal("a new client is refused")
			}
			if _, ok := r.Ask(ada); ok {
				t.Fatalf("forgotten after %d others, although it asks all the time", n)
			}
		}
		if known := r.Clients(); known != 10 {
			t.Errorf("remembers %d, want 10", known)
		}
	})
}

func TestWithoutRatesEverythingIsAllowed(t *testing.T) {
	t.Parallel()
	if allowed := asks(nil, ada, 1000); allowed != 1000 {
		t.Errorf("allowed %d", allowed)
	}
}
