package prune_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/skald-saga/skald/internal/prune"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const keep = 10 * 24 * time.Hour

// shelf is a store and a ledger that write down what is asked of them.
type shelf struct {
	mu      sync.Mutex
	orders  []string // in the order of their final events
	ages    map[string]time.Duration
	damaged map[string]bool
	keys    []string // still to be forgotten
	forgot  []string
	pruned  []string
	pauses  []time.Time // when each page was read
	fail    error       // of the ledger
}

func newShelf(old, young int) *shelf {
	s := &shelf{ages: map[string]time.Duration{}, damaged: map[string]bool{}}
	for n := range old + young {
		id := fmt.Sprintf("o%03d", n)
		s.orders, s.ages[id] = append(s.orders, id), keep
		if n >= old {
			s.ages[id] = keep - 1
		}
	}
	return s
}

func (s *shelf) EndedOrders(_ context.Context, after int64, limit int, see func(int64, string, time.Duration) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pauses = append(s.pauses, time.Now())
	for n, id := range s.orders {
		if position := int64(n) + 1; position > after && !slices.Contains(s.pruned, id) && limit > 0 {
			limit--
			if err := see(position, id, s.ages[id]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shelf) PruneOrder(_ context.Context, id string, kept time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.damaged[id] || s.ages[id] < kept {
		return false, nil
	}
	s.pruned, s.keys = append(s.pruned, id), append(s.keys, id+":charge_payment")
	return true, nil
}

func (s *shelf) PrunedKeys(_ context.Context, limit int) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys[:min(limit, len(s.keys))]), nil
}

func (s *shelf) DropPrunedKeys(_ context.Context, keys []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = slices.DeleteFunc(s.keys, func(key string) bool { return slices.Contains(keys, key) })
	return nil
}

func (s *shelf) Forget(_ context.Context, keys []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		s.forgot = append(s.forgot, keys...)
	}
	return s.fail
}

// run starts a pruner, whose end is awaited when the test ends.
func run(t *testing.T, s *shelf, change func(*prune.Options)) *prune.Pruner {
	t.Helper()
	o := prune.Options{
		Store: s, Ledger: s, Leads: func() bool { return true }, Keep: keep, Batch: 10, Logger: slog.New(slog.DiscardHandler),
	}
	change(&o)
	p, err := prune.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestEverythingThatIsDueIsPrunedInBatchesWithPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(25, 25)
		p := run(t, s, func(*prune.Options) {})
		began := time.Now()
		time.Sleep(prune.DefaultEvery - 1)
		synctest.Wait()
		if diff := cmp.Diff(s.orders[:25], s.pruned); diff != "" {
			t.Errorf("pruned (-want +got):\n%s", diff)
		}
		if len(s.forgot) != 25 || len(s.keys) != 0 {
			t.Errorf("%d keys are forgotten, %d are not", len(s.forgot), len(s.keys))
		}
		var read []time.Duration
		for _, at := range s.pauses {
			read = append(read, at.Sub(began))
		}
		// The third page has the first that is too young: nothing behind it is read.
		if diff := cmp.Diff([]time.Duration{0, prune.DefaultPause, 2 * prune.DefaultPause}, read); diff != "" {
			t.Errorf("pages were read after (-want +got):\n%s", diff)
		}
		if got := p.State(); got != (prune.State{Pruned: 25}) {
			t.Errorf("state %+v", got)
		}
	})
}

func TestOrdersThatMustStayDoNotHideTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(40, 0)
		for _, id := range s.orders[:15] { // more than a batch
			s.damaged[id] = true
		}
		p := run(t, s, func(*prune.Options) {})
		time.Sleep(3 * prune.DefaultEvery)
		synctest.Wait()
		if diff := cmp.Diff(s.orders[15:], s.pruned); diff != "" {
			t.Errorf("pruned (-want +got):\n%s", diff)
		}
		if got := p.State(); got != (prune.State{Pruned: 25, Left: 15}) {
			t.Errorf("state %+v", got)
		}
	})
}

func TestOnlyTheLeaderPrunes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(5, 0)
		var leads atomic.Bool
		run(t, s, func(o *prune.Options) { o.Leads = leads.Load })
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(s.pauses) != 0 {
			t.Errorf("it looked %d times without leading", len(s.pauses))
		}
		leads.Store(true)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(s.pruned) != 5 {
			t.Errorf("a second after it leads, %d orders are pruned", len(s.pruned))
		}
	})
}

func TestALedgerThatIsAwayIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(5, 0)
		s.fail = errors.New("ledger is away")
		p := run(t, s, func(*prune.Options) {})
		synctest.Wait()
		if err := p.Ready(); !errors.Is(err, s.fail) || len(s.keys) != 5 {
			t.Errorf("answered %v with %d keys to forget", err, len(s.keys))
		}
		s.mu.Lock()
		s.fail = nil
		s.mu.Unlock()
		time.Sleep(prune.DefaultEvery)
		synctest.Wait()
		if err := p.Ready(); err != nil || len(s.keys) != 0 || len(s.forgot) != 5 {
			t.Errorf("then %v, with %d keys to forget and %d forgotten", err, len(s.keys), len(s.forgot))
		}
	})
}

func TestOptionsThatCannotBeUsedAreNamed(t *testing.T) {
	t.Parallel()
	s := newShelf(0, 0)
	whole := prune.Options{Store: s, Ledger: s, Leads: func() bool { return true }, Keep: keep}
	for want, change := range map[string]func(*prune.Options){
		"prune: Store is required":                func(o *prune.Options) { o.Store = nil },
		"prune: Ledger is required":               func(o *prune.Options) { o.Ledger = nil },
		"prune: Leads is required":                func(o *prune.Options) { o.Leads = nil },
		"prune: Keep 0s: must be positive":        func(o *prune.Options) { o.Keep = 0 },
		"prune: Every -1ns: must not be negative": func(o *prune.Options) { o.Every = -1 },
		"prune: Batch 10001: want 0 to 10000":     func(o *prune.Options) { o.Batch = 10_001 },
		"prune: Pause -1ns: must not be negative": func(o *prune.Options) { o.Pause = -1 },
	} {
		o := whole
		change(&o)
		if _, err := prune.New(o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
