package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

// fact is one event of a story that a test streams.
func fact(sequence int64, kind skald.Kind, data any) skald.Event {
	encoded, err := json.Marshal(data)
	if err != nil {
		panic(err) // payloads always encode
	}
	return skald.Event{
		ID: fmt.Sprint("e", sequence), Kind: kind, Subject: "ord_1", Sequence: sequence,
		Time: time.Date(2026, 11, 22, 12, 0, int(sequence-1), 0, time.UTC), Data: encoded,
	}
}

// stuckStory is a saga that turns round, waits for a person, and ends.
func stuckStory() []skald.Event {
	refused := skald.Cause{Kind: skald.CauseRefused, Step: skald.StepScheduleShipping, Code: "address_not_served"}
	goods := []skald.Quantity{{SKU: "mug", Quantity: 2}}
	return []skald.Event{
		fact(1, skald.KindOrderPlaced, skald.OrderPlaced{}),
		fact(2, skald.KindStockReserved, skald.StockReserved{Items: goods}),
		fact(3, skald.KindPaymentCharged, skald.PaymentCharged{Amount: skald.Money{Minor: 2500, Currency: "EUR"}}),
		fact(4, skald.KindCompensationStarted, skald.CompensationStarted{Cause: refused}),
		fact(5, skald.KindCompensationFailed, skald.CompensationFailed{Undo: skald.UndoRefundPayment, Code: "refund_refused"}),
		fact(6, skald.KindOrderNeedsAttention, skald.OrderNeedsAttention{Undo: skald.UndoRefundPayment}),
		fact(7, skald.KindStockReleased, skald.StockReleased{Items: goods}),
		fact(8, skald.KindIncidentResolved, skald.IncidentResolved{Undo: skald.UndoRefundPayment, Action: skald.ActionSkip}),
		fact(9, skald.KindCompensationSkipped, skald.CompensationSkipped{Undo: skald.UndoRefundPayment, Actor: "ada"}),
		fact(10, skald.KindOrderRejected, skald.OrderRejected{Cause: refused}),
	}
}

// After each event the board must say where every step stands.
func TestTheBoardFollowsASagaThereAndBack(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	b := newBoard("ord_1")
	for _, event := range stuckStory() {
		b.tell(event)
		fmt.Fprintf(&shown, "# %d %s\n%s\n", event.Sequence, event.Kind, strings.Join(b.lines(&console{}, event.Time), "\n"))
	}
	golden := filepath.Join("testdata", "board.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(shown.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), shown.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// streaming serves the events of ord_1 as a stream that ends after them, or
// stays open.
func streaming(t *testing.T, events []skald.Event, open bool) (server string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Last-Event-ID") != "" && !open {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for _, event := range events {
			data, err := json.Marshal(map[string]any{
				"id": event.ID, "kind": event.Kind, "subject": event.Subject, "sequence": event.Sequence, "time": event.Time, "data": event.Data,
			})
			if err != nil {
				t.Error(err)
			}
			answer(w, "id: %d\nevent: %s\ndata: %s\n\n", event.Sequence, event.Kind, data)
		}
		_ = http.NewResponseController(w).Flush() // a client that left shows in what it got
		if open {
			<-r.Context().Done()
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestWatchEndsWithTheOrderAndSaysHow(t *testing.T) {
	t.Parallel()
	for end, code := range map[skald.Kind]int{
		skald.KindOrderConfirmed: exitOK, skald.KindOrderRejected: exitRejected,
		skald.KindOrderFailed: exitFailed, skald.KindOrderCancelled: exitCancelled,
	} {
		t.Run(string(end), func(t *testing.T) {
			t.Parallel()
			server := streaming(t, []skald.Event{fact(1, skald.KindOrderPlaced, skald.OrderPlaced{}), fact(2, end, struct{}{})}, false)
			got, stdout, stderr := program(t, "order", "watch", "ord_1", "--server", server)
			if got != code || strings.Count(stdout, "\n") != 2 || stderr != "" {
				t.Errorf("exit code %d, want %d; it printed:\n%s%s", got, code, stdout, stderr)
			}
		})
	}
}

// A program reads the same lines from order watch as from events tail.
func TestWatchAsJSONIsOneEventPerLine(t *testing.T) {
	t.Parallel()
	story := stuckStory()
	code, stdout, stderr := program(t, "order", "watch", "ord_1", "-o", "json", "--server", streaming(t, story, false))
	if code != exitRejected || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	var want strings.Builder
	for _, event := range story {
		if err := (&console{out: &want}).line(lineOf(event, event.Kind.Topic())); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want.String(), stdout); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWatchSaysWhenAPersonIsNeeded(t *testing.T) {
	t.Parallel()
	_, _, stderr := program(t, "order", "watch", "ord_1", "--server", streaming(t, stuckStory(), false))
	if want := "It waits for a person: skald incident list --order ord_1\n"; stderr != want {
		t.Errorf("got %q, want %q", stderr, want)
	}
}

func TestAWatchThatIsStoppedSaysThatTheOrderIsOpen(t *testing.T) {
	t.Parallel()
	for name, screen := range map[string]bool{"lines": false, "live": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			out := &watched{text: "order.placed", seen: stop}
			server := streaming(t, stuckStory()[:1], true)
			code := run(ctx, []string{"order", "watch", "ord_1", "--server", server}, &console{out: out, err: out, screen: screen})
			if code != exitOpen {
				t.Errorf("exit code %d, want %d:\n%s", code, exitOpen, out)
			}
		})
	}
}

// On a terminal the board is replaced: what remains, with every replacement
// carried out, is the events and one board.
func TestTheLiveViewLeavesTheEventsAndOneBoard(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	server := streaming(t, stuckStory(), false)
	code := run(t.Context(), []string{"order", "watch", "ord_1", "--server", server}, &console{out: &out, err: &out, screen: true})
	if code != exitRejected {
		t.Fatalf("exit code %d:\n%s", code, out.String())
	}
	screen := replay(t, out.String())
	for n, event := range stuckStory() {
		if !strings.Contains(screen[n], string(event.Kind)) {
			t.Errorf("line %d is %q, want %s", n, screen[n], event.Kind)
		}
	}
	board := screen[len(stuckStory()):]
	want := []string{
		"", "ord_1  rejected  9.0 s",
		"  ↩ reserve_stock     undone   2 × mug",
		"  ! charge_payment    skipped  refund_payment skipped by ada",
		"  ✗ schedule_shipping stopped  refused address_not_served",
		"  · confirm_order",
	}
	if diff := cmp.Diff(want, board); diff != "" {
		t.Errorf("board (-want +got):\n%s", diff)
	}
}

// replay is what a terminal shows after text: it knows the two codes that the
// live view uses, together.
func replay(t *testing.T, text string) (screen []string) {
	t.Helper()
	for n, part := range strings.Split(text, "\x1b[J") {
		before, up, found := strings.Cut(part, "\x1b[")
		screen = append(screen, strings.Split(strings.TrimSuffix(before, "\n"), "\n")...)
		if n == 0 && before == "" {
			screen = nil
		}
		if !found {
			continue
		}
		var lines int
		if _, err := fmt.Sscanf(up, "%dA", &lines); err != nil {
			t.Fatalf("unknown code %q", up)
		}
		screen = screen[:len(screen)-lines]
	}
	return screen
}
