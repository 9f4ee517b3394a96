package child

import (
	"testing"
	"time"
)

func TestTheCostOfAWhileIsWhatWasTakenInItForEachThatWasDone(t *testing.T) {
	t.Parallel()
	began := time.Unix(1_000, 0)
	got, err := cost(
		Usage{At: began, CPU: 2 * time.Second, RSS: 5},
		Usage{At: began.Add(4 * time.Second), CPU: 8 * time.Second, RSS: 7},
		800,
	)
	if want := (Cost{Done: 800, PerSecond: 200, CPUMillis: 7.5, RSSBytes: 7}); err != nil || got != want {
		t.Errorf("cost %+v, %v, want %+v", got, err, want)
	}
	if _, err := cost(Usage{At: began}, Usage{At: began.Add(time.Second)}, 0); err == nil {
		t.Error("a while in which nothing was done has a cost")
	}
}
