package app_test

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/skald-saga/skald"
)

const pairs = 20

var matrixSeed = flag.Int("matrix-seed", 0, "which pairs of faults are drawn; 0: any, see the log of the test")

// A fault that ends the way forward, and one that meets the way back: the second
// must not change what the first comes to.
func TestMatrixOfPairsOfFaults(t *testing.T) {
	t.Parallel()
	seed := cmp.Or(*matrixSeed, rand.IntN(1<<31-1)+1)
	t.Logf("the same pairs again: -matrix-seed=%d", seed)
	drawn := pairOf(t)
	plans := make([]plan, pairs)
	for n := range plans {
		p := drawn.Example(seed + n)
		t.Logf("pair %d: %s", n, p.Name)
		plans[n] = p.named(fmt.Sprintf("pair-%d", n)) // both names would be too long for an order
	}
	p := openPlayground(t)
	p.run(t, plans, p.shrinker())
}

func pairOf(t *testing.T) *rapid.Generator[plan] {
	var forward []plan
	for _, row := range append(stepRows(t), providerRows(t)...) {
		if row.Want.Ends != skald.StatusConfirmed {
			row.Answered = nil // the two may meet the same activity
			forward = append(forward, row)
		}
	}
	back := append(skald.Undos(), skald.ActivityBeginCompensation, skald.ActivityCloseOrder)
	return rapid.Custom(func(r *rapid.T) plan {
		first := rapid.SampledFrom(forward).Draw(r, "forward")
		undo := rapid.SampledFrom(back).Draw(r, "undo")
		p := first.struck(t, string(undo), rapid.SampledFrom(passing()).Draw(r, "fault"))
		p.Answered = nil
		return p
	})
}
