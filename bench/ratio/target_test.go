package ratio_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/bench/ratio"
)

func TestTheMedianIsTheMiddleAndLeavesTheRoundsInTheirOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 9, 2}, 3},
	} {
		before := append([]float64(nil), test.values...)
		if got := ratio.Median(test.values); got != test.want {
			t.Errorf("median of %v is %v, want %v", test.values, got, test.want)
		}
		if diff := cmp.Diff(before, test.values); diff != "" {
			t.Errorf("values were changed (-before +after):\n%s", diff)
		}
	}
}

func TestARatioIsThatOfOneRound(t *testing.T) {
	t.Parallel()
	got := ratio.Each([]float64{10, 30, 5, 8}, []float64{2, 10, 0})
	if diff := cmp.Diff([]float64{5, 3}, got); diff != "" {
		t.Errorf("ratios (-want +got):\n%s", diff)
	}
}

func TestALineSaysMedianRangeTargetAndWhatWasMissed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		target ratio.Target
		values []float64
		want   string
	}{
		{
			ratio.Target{Name: "sagas-vs-reference", Kind: ratio.KindRatio, Bound: 5, Floor: true},
			[]float64{5.31, 4.9, 5.62},
			"ratio sagas-vs-reference 5.31 (4.90–5.62) target ≥ 5",
		},
		{
			ratio.Target{Name: "sagas-vs-empty", Kind: ratio.KindRatio, Bound: 1.5, Floor: true},
			[]float64{1.2},
			"ratio sagas-vs-empty 1.20 (1.20–1.20) target ≥ 1.5 missed",
		},
		{
			ratio.Target{Name: "cpu-vs-bare", Kind: ratio.KindRatio, Bound: 1.5},
			[]float64{1.6, 1.4},
			"ratio cpu-vs-bare 1.50 (1.40–1.60) target ≤ 1.5",
		},
		{
			ratio.Target{Name: "order-to-final-p99", Kind: ratio.KindLatency, Bound: 200},
			[]float64{212.4, 19.04, 250},
			"latency order-to-final-p99 212 (19.0–250) ms target ≤ 200 ms missed",
		},
		{
			ratio.Target{Name: "start-vs-reference", Kind: ratio.KindRatio, Shown: true},
			[]float64{1.5, 2},
			"ratio start-vs-reference 1.75 (1.50–2.00)",
		},
		{
			ratio.Target{Name: "burst-lost", Kind: ratio.KindCount},
			[]float64{0},
			"count burst-lost 0 (0–0) target ≤ 0",
		},
		{
			ratio.Target{Name: "burst-lost", Kind: ratio.KindCount},
			nil,
			"count burst-lost not measured target ≤ 0 missed",
		},
	} {
		if got := test.target.Judge(test.values).String(); got != test.want {
			t.Errorf("line of %v is\n%s\nwant\n%s", test.values, got, test.want)
		}
	}
}
