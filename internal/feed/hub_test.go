package feed_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/feed"
)

func TestAReaderFromTheStartSeesWhatWasAndWhatComes(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.publish("order-1", 600) // more than two pages
	hub := open(t, m, feed.Options{})
	defer run(t, hub)()
	s := subscribe(t, hub, 0, "")
	defer s.Close()
	for want := int64(1); want <= 700; want++ {
		if want == 600 {
			m.publish("order-2", 100)
		}
		if got := next(t, s); got != want {
			t.Fatalf("publication %d, want %d", got, want)
		}
	}
}

func TestAReaderFromNowSeesOnlyWhatComes(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.publish("order-1", 3)
	hub := open(t, m, feed.Options{})
	s := subscribe(t, hub, feed.Now, "")
	defer s.Close()
	m.publish("order-1", 1) // behind Subscribe, before Run
	defer run(t, hub)()
	if got := next(t, s); got != 4 {
		t.Errorf("publication %d, want 4", got)
	}
}

func TestAReaderOfOneOrderSeesNoOther(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.publish("order-2", 2)
	m.publish("order-1", 1)
	hub := open(t, m, feed.Options{})
	defer run(t, hub)()
	past, now := subscribe(t, hub, 0, "order-1"), subscribe(t, hub, feed.Now, "order-1")
	defer past.Close()
	defer now.Close()
	m.publish("order-2", 5)
	m.publish("order-1", 1)
	if first, second := next(t, past), next(t, past); first != 3 || second != 9 {
		t.Errorf("publications %d and %d, want 3 and 9", first, second)
	}
	if got := next(t, now); got != 9 {
		t.Errorf("publication %d, want 9", got)
	}
}

func TestASKUIsNoOrderOfTheSameName(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.publish("order-1", 2)
	m.events[0].Event.Kind = skald.KindStockReceived
	hub := open(t, m, feed.Options{})
	s := subscribe(t, hub, 0, "order-1")
	defer s.Close()
	if got := next(t, s); got != 2 {
		t.Errorf("publication %d, want 2", got)
	}
}

func TestAReaderThatFallsTooFarBehindIsDroppedAfterWhatItHasAndResumes(t *testing.T) {
	t.Parallel()
	m := newMemory()
	hub := open(t, m, feed.Options{Buffer: 2})
	defer run(t, hub)()
	slow, quick := subscribe(t, hub, feed.Now, ""), subscribe(t, hub, feed.Now, "order-2")
	defer slow.Close()
	defer quick.Close()
	m.publish("order-1", 3)
	m.publish("order-2", 1)
	if got := next(t, quick); got != 4 { // the others are not held up
		t.Fatalf("publication %d, want 4", got)
	}
	for want := int64(1); want <= 2; want++ {
		if got := next(t, slow); got != want {
			t.Fatalf("publication %d, want %d", got, want)
		}
	}
	for range 2 {
		if _, err := slow.Next(t.Context()); !errors.Is(err, feed.ErrSlow) {
			t.Fatalf("ended with %v, want ErrSlow", err)
		}
	}
	again := subscribe(t, hub, 2, "")
	defer again.Close()
	if first, second := next(t, again), next(t, again); first != 3 || second != 4 {
		t.Errorf("resumed with %d and %d, want 3 and 4", first, second)
	}
}

func TestSubscribersAreBoundedUntilOneCloses(t *testing.T) {
	t.Parallel()
	hub := open(t, newMemory(), feed.Options{MaxSubscribers: 2})
	first, second := subscribe(t, hub, feed.Now, ""), subscribe(t, hub, 0, "")
	defer second.Close()
	if _, err := hub.Subscribe(t.Context(), feed.Now, ""); !errors.Is(err, feed.ErrFull) {
		t.Fatalf("third: %v, want ErrFull", err)
	}
	first.Close()
	first.Close() // counts once
	subscribe(t, hub, feed.Now, "").Close()
	if _, err := first.Next(t.Context()); !errors.Is(err, feed.ErrStopped) {
		t.Errorf("closed: %v, want ErrStopped", err)
	}
	if _, err := second.Next(canceled()); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v, want context.Canceled", err)
	}
}

func TestAPlaceBehindTheLastPublicationIsRefused(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.publish("order-1", 3)
	hub := open(t, m, feed.Options{})
	if _, err := hub.Subscribe(t.Context(), 4, ""); !errors.Is(err, feed.ErrAhead) {
		t.Errorf("behind the last: %v, want ErrAhead", err)
	}
	subscribe(t, hub, 3, "").Close()
}

func TestAStoppedHubEndsEveryReaderAndTakesNoOther(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.publish("order-1", 1)
	hub := open(t, m, feed.Options{})
	stop := run(t, hub)
	now, past := subscribe(t, hub, feed.Now, ""), subscribe(t, hub, 0, "")
	defer now.Close()
	defer past.Close()
	stop()
	if _, err := now.Next(t.Context()); !errors.Is(err, feed.ErrStopped) {
		t.Errorf("a reader from now: %v, want ErrStopped", err)
	}
	if _, err := past.Next(t.Context()); !errors.Is(err, feed.ErrStopped) {
		t.Errorf("a reader that catches up: %v, want ErrStopped", err)
	}
	if _, err := hub.Subscribe(t.Context(), feed.Now, ""); !errors.Is(err, feed.ErrStopped) {
		t.Errorf("a new reader: %v, want ErrStopped", err)
	}
}

func TestAStoreThatIsAwayIsAskedAgain(t *testing.T) {
	t.Parallel()
	m := newMemory()
	hub := open(t, m, feed.Options{Every: time.Millisecond})
	defer run(t, hub)()
	s := subscribe(t, hub, feed.Now, "")
	defer s.Close()
	away := errors.New("away")
	m.fail(away)
	m.publish("order-1", 1)
	if _, err := hub.Subscribe(t.Context(), feed.Now, ""); !errors.Is(err, away) {
		t.Errorf("subscribe while the store is away: %v", err)
	}
	for asked := m.questions(); m.questions() < asked+3; {
		time.Sleep(time.Millisecond)
	}
	m.fail(nil)
	if got := next(t, s); got != 1 {
		t.Errorf("publication %d, want 1", got)
	}
}

func TestTheStoreIsAskedOnlyWhileSomebodyListens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.wake = nil // what no wake announces is found by the next question
		hub := open(t, m, feed.Options{})
		defer run(t, hub)()
		time.Sleep(time.Hour)
		if got := m.questions(); got != 0 {
			t.Errorf("%d questions while nobody listens", got)
		}
		s := subscribe(t, hub, feed.Now, "")
		defer s.Close()
		time.Sleep(feed.DefaultEvery * 5)
		synctest.Wait()
		if got := m.questions(); got != 6 {
			t.Errorf("%d questions in a second, want 6: at once and every 200 ms", got)
		}
		m.publish("order-1", 1)
		began := time.Now()
		if got := next(t, s); got != 1 || time.Since(began) > feed.DefaultEvery {
			t.Errorf("publication %d after %s", got, time.Since(began))
		}
		s.Close()
		time.Sleep(feed.DefaultEvery * 2)
		asked := m.questions()
		time.Sleep(time.Hour)
		if got := m.questions(); got != asked {
			t.Errorf("%d questions after everyone left", got-asked)
		}
	})
}

func TestAWakeIsNotWaitedForTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		hub := open(t, m, feed.Options{Every: time.Hour})
		defer run(t, hub)()
		s := subscribe(t, hub, feed.Now, "")
		defer s.Close()
		synctest.Wait()
		began := time.Now()
		m.publish("order-1", 1)
		next(t, s)
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %s although woken", waited)
		}
		close(m.wake)
		synctest.Wait()
		asked := m.questions()
		time.Sleep(10 * time.Minute)
		if got := m.questions() - asked; got != 0 {
			t.Errorf("%d questions after the wake was closed", got)
		}
	})
}

func TestOptionsThatCannotBeUsedAreNamedWithValueAndBound(t *testing.T) {
	t.Parallel()
	_, err := feed.New(feed.Options{Every: -1, Buffer: 1 << 17, MaxSubscribers: -1})
	if err == nil {
		t.Fatal("accepted")
	}
	want := strings.Join([]string{
		"feed options: Source is missing",
		"Every is -1ns, must be positive",
		"Buffer is 131072, must be 1 to 65536",
		"MaxSubscribers is -1, must be 1 to 65536",
	}, "\n")
	if err.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
