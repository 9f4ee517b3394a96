package fault_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/skald-saga/skald/internal/fault"
)

// A plan that names a seed must mean the same in every version: these answers
// never change.
func TestADecisionNeverChanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rule, want string }{
		{"charge_payment=20%abort(unavailable)", "..x.....x.x..x.xx...x...xxx..xx.x......x"},
		{"charge_payment[seed=42]=20%abort(unavailable)", ".x.........x...xx.........xx....x...x..."},
		{"charge_payment/after[seed=42]=20%abort(unavailable)", "..........x........x...x..x.....xx......"},
		{"release_stock[name=mine]=50%abort(internal)", "x..x.xxxxxx.x..x.xx...xxx...x..x.x....x."},
		{"charge_payment[attempts=2-]=50%abort(unavailable)", ".............x.x.x.......x.x.x.........x"},
		{"network_kafka=0.5%delay(1s)", ".................................x......"},
	} {
		rule := parse(t, test.rule)[0]
		var got strings.Builder
		for n := range 20 {
			for attempt := 1; attempt <= 2; attempt++ {
				got.WriteString(map[bool]string{true: "x", false: "."}[rule.Fires("order-"+strconv.Itoa(n), attempt)])
			}
		}
		if got.String() != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.rule, got.String(), test.want)
		}
	}
}

func drawOrders(t *rapid.T) []string {
	return rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,8}`), 1, 40).Draw(t, "orders")
}

func TestWhatFiredBeforeDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rule := fault.Rule{
			Match: fault.Match{Point: "charge_payment"}, Fault: fault.Fault{Abort: &fault.Abort{Error: fault.Unavailable}},
			Percentage: 50, Seed: rapid.Uint64().Draw(rt, "seed"),
		}
		orders := drawOrders(rt)
		alone := map[string]bool{}
		for _, order := range orders {
			alone[order] = rule.Fires(order, 1)
		}
		e := engine(t, fault.Options{})
		if err := e.Add(rule); err != nil {
			rt.Fatal(err)
		}
		shuffled := append([]string{}, orders...)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "shuffle"), 0)).Shuffle(len(shuffled), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		together := map[string]bool{}
		for _, order := range shuffled {
			together[order] = len(struck(t, e, fault.Before, fault.Call{Point: "charge_payment", Order: order, Attempt: 1})) == 1
		}
		if diff := cmp.Diff(alone, together); diff != "" {
			rt.Errorf("in an engine, in another order (-alone +together):\n%s", diff)
		}
	})
}

func TestTheShareThatFiresIsThePercentage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		const arrivals = 4000
		percentage := rapid.Float64Range(0.5, 99.5).Draw(rt, "percentage")
		rule := fault.Rule{
			Match: fault.Match{Point: "relay"}, Fault: fault.Fault{Abort: &fault.Abort{Error: fault.Unavailable}},
			Percentage: fault.Percentage(percentage), Seed: rapid.Uint64().Draw(rt, "seed"),
		}
		fired := 0
		for n := range arrivals {
			if rule.Fires("o-"+strconv.Itoa(n%500), 1+n/500) {
				fired++
			}
		}
		p := percentage / 100
		deviation := 6 * math.Sqrt(arrivals*p*(1-p)) // beyond it once in 5·10^8
		if math.Abs(float64(fired)-arrivals*p) > deviation {
			rt.Errorf("%d of %d fired, want %v%%", fired, arrivals, percentage)
		}
	})
}

func TestFieldsOfADecisionDoNotRunTogether(t *testing.T) {
	t.Parallel()
	rule := parse(t, "charge_payment[name=a]=50%panic")[0]
	other := parse(t, "charge_payment[name=ab]=50%panic")[0]
	same := 0
	for n := range 64 {
		if rule.Fires("b"+strconv.Itoa(n), 1) == other.Fires(strconv.Itoa(n), 1) {
			same++
		}
	}
	if same == 64 {
		t.Error("name a with order b… decides as name ab with order …")
	}
}
