package admission_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/admission"
)

// enter takes a place that must be free.
func enter(t *testing.T, p *admission.Places) (leave func()) {
	t.Helper()
	leave, err := p.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return leave
}

func TestWhoFindsAFreePlaceDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := admission.NewPlaces(2, 1, time.Second)
		began := time.Now()
		enter(t, p)
		enter(t, p)
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %s", waited)
		}
	})
}

func TestWhoFindsNoPlaceIsRefusedAfterTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := admission.NewPlaces(1, 1, 100*time.Millisecond)
		enter(t, p)
		began := time.Now()
		if _, err := p.Take(t.Context()); !errors.Is(err, admission.ErrFull) {
			t.Errorf("got %v, want ErrFull", err)
		}
		if waited := time.Since(began); waited != 100*time.Millisecond {
			t.Errorf("waited %s, want 100ms", waited)
		}
	})
}

func TestWhoFindsTheQueueFullIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := admission.NewPlaces(1, 1, time.Hour)
		leave := enter(t, p)
		if err := p.Check(); err != nil {
			t.Errorf("checked with a free queue: %v", err)
		}
		waited := make(chan error)
		go func() { _, err := p.Take(t.Context()); waited <- err }()
		synctest.Wait()
		began := time.Now()
		if _, err := p.Take(t.Context()); !errors.Is(err, admission.ErrFull) || time.Since(began) != 0 {
			t.Errorf("got %v after %s, want ErrFull at once", err, time.Since(began))
		}
		if err := p.Check(); !errors.Is(err, admission.ErrFull) {
			t.Errorf("checked: %v", err)
		}
		want := admission.Load{Taken: 1, Places: 1, Waiting: 1, Queue: 1, Refused: 2}
		if diff := cmp.Diff(want, p.Load()); diff != "" {
			t.Errorf("load (-want +got):\n%s", diff)
		}
		leave()
		if err := <-waited; err != nil {
			t.Errorf("who waited got %v", err)
		}
	})
}

func TestThoseWhoWaitGetTheirPlacesInTheOrderInWhichTheyCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := admission.NewPlaces(1, 3, time.Hour)
		leave := enter(t, p)
		got := make(chan int, 3)
		for n := range 3 {
			go func() {
				next, err := p.Take(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				got <- n
				next()
			}()
			synctest.Wait()
		}
		leave()
		if order := [3]int{<-got, <-got, <-got}; order != [3]int{0, 1, 2} {
			t.Errorf("order %v", order)
		}
		synctest.Wait()
	})
}

func TestAPlaceThatIsLeftTwiceIsFreeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := admission.NewPlaces(2, 1, time.Millisecond)
		first := enter(t, p)
		enter(t, p)
		first()
		first()
		enter(t, p)
		if _, err := p.Take(t.Context()); !errors.Is(err, admission.ErrFull) {
			t.Errorf("a third place: %v", err)
		}
	})
}

func TestWhoIsNotThereAnyMoreStopsWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := admission.NewPlaces(1, 1, time.Hour)
		enter(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Take(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if load := p.Load(); load.Waiting != 0 || load.Refused != 0 {
			t.Errorf("load %+v", load)
		}
	})
}
