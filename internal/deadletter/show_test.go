package deadletter_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/deadletter"
)

func TestALetterIsShownWithItsContentAndItsVerdict(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "other"}, parked{
		order: "order-1", reason: skald.DeadLetterUnknown,
		headers: []kgo.RecordHeader{{Key: "traceparent", Value: []byte("00-aa-bb-01")}},
	})
	if _, err := r.desk.Discard(r.ctx, []string{"0-1"}, "ada", "sent by mistake"); err != nil {
		t.Fatal(err)
	}
	got, err := r.desk.Show(r.ctx, "0-1")
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Key) != "order-1" || string(got.Value) != `{"id":"order-1"}` || got.Reason != skald.DeadLetterUnknown {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(deadletter.Header{Key: "traceparent", Value: []byte("00-aa-bb-01")}, got.Headers[0]); diff != "" || len(got.Headers) != 12 {
		t.Errorf("%d headers, the first (-want +got):\n%s", len(got.Headers), diff)
	}
	want := &deadletter.Verdict{State: deadletter.StateDiscarded, Actor: "ada", Reason: "sent by mistake", At: noon}
	if diff := cmp.Diff(want, got.Verdict); diff != "" || got.State != deadletter.StateDiscarded {
		t.Errorf("state %s, verdict (-want +got):\n%s", got.State, diff)
	}
}

func TestALargeValueIsCutAndItsSizeIsTold(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	value := bytes.Repeat([]byte("x"), deadletter.MaxShownBytes+1)
	r.park(parked{order: "order-1", value: string(value)})
	got, err := r.desk.Show(r.ctx, "0-0")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Value, value[:deadletter.MaxShownBytes]) || got.ValueBytes != len(value) {
		t.Errorf("got %d of %d bytes", len(got.Value), got.ValueBytes)
	}
}

func TestWhatIsNoLetterIsNotShown(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "order-1"})
	r.replay(deadletter.ReplayOptions{}) // its verdict is 0-1
	for _, id := range []string{"0-1", "0-2", "1-0", "99-0"} {
		if _, err := r.desk.Show(r.ctx, id); !errors.Is(err, skald.ErrNotFound) {
			t.Errorf("%s: got %v, want not found", id, err)
		}
	}
	var invalid *skald.Invalid
	for _, id := range []string{"", "0", "0-", "-1-0", "0--1", "00-0", "0-+1", "0-1 ", "4294967296-0"} {
		if _, err := r.desk.Show(r.ctx, id); !errors.As(err, &invalid) {
			t.Errorf("%q: got %v, want invalid", id, err)
		}
	}
}

func TestALetterThatKafkaNoLongerKeepsIsGone(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b"}, parked{order: "c"})
	r.replay(deadletter.ReplayOptions{IDs: []string{"0-0"}})
	gone := kadm.Offsets{}
	gone.AddOffset(skald.TopicDeadLetters, 0, 2, -1)
	if _, err := r.admin.DeleteRecords(r.ctx, gone); err != nil {
		t.Fatal(err)
	}
	if _, err := r.desk.Show(r.ctx, "0-1"); !errors.Is(err, skald.ErrNotFound) {
		t.Errorf("got %v, want not found", err)
	}
	if diff := cmp.Diff([]string{"0-2"}, r.ids(deadletter.StateAll)); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
	r.replay(deadletter.ReplayOptions{})
	if diff := cmp.Diff([]string{"a", "c"}, r.orders()); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}

func TestEveryReasonToSkipALetterHasASentenceForPeople(t *testing.T) {
	t.Parallel()
	for _, why := range []deadletter.Why{
		deadletter.WhyCap, deadletter.WhyTooLarge, deadletter.WhyAlreadyReplayed, deadletter.WhyAlreadyDiscarded, deadletter.WhyNotFound,
	} {
		if why.Meaning() == string(why) {
			t.Errorf("%s has none", why)
		}
	}
}
