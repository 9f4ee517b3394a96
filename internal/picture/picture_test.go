package picture_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/picture"
)

var update = flag.Bool("update", false, "write the golden files")

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// story makes the events of one order from payloads, 20 ms apart.
func story(t *testing.T, payloads ...skald.Payload) []skald.Event {
	t.Helper()
	events := make([]skald.Event, len(payloads))
	for n, payload := range payloads {
		data, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		events[n] = skald.Event{
			ID: skald.EventID("order-1001", payload.Kind(), ""), Kind: payload.Kind(), Subject: "order-1001",
			Sequence: int64(n) + 1, Time: start.Add(time.Duration(n) * 20 * time.Millisecond), Data: data,
		}
	}
	return events
}

var (
	mugs     = []skald.Quantity{{SKU: "mug", Quantity: 2}}
	amount   = skald.Money{Minor: 2500, Currency: "EUR"}
	notServe = skald.Cause{Kind: skald.CauseRefused, Step: skald.StepScheduleShipping, Code: skald.CodeAddressNotServed}
)

func placed() skald.OrderPlaced {
	return skald.OrderPlaced{
		ID: "order-1001", Currency: "EUR", Total: &amount,
		Items: []skald.PlacedItem{{SKU: "mug", Quantity: 2, UnitPrice: "12.50"}},
	}
}

func compensated(t *testing.T) []skald.Event {
	t.Helper()
	return story(t, placed(), skald.StockReserved{Items: mugs}, skald.PaymentCharged{Amount: amount, Reference: "pay_1"},
		skald.CompensationStarted{Cause: notServe}, skald.PaymentRefunded{Amount: amount}, skald.StockReleased{Items: mugs},
		skald.CompensationCompleted{Undone: []skald.Undo{skald.UndoRefundPayment, skald.UndoReleaseStock}},
		skald.OrderRejected{Cause: notServe})
}

func confirmed(t *testing.T) []skald.Event {
	t.Helper()
	return story(t, placed(), skald.StockReserved{Items: mugs}, skald.PaymentCharged{Amount: amount},
		skald.ShipmentScheduled{Reference: "shp_1"}, skald.OrderConfirmed{Total: amount})
}

// attended has an undo that was refused for good, and a person who dealt with
// it; its words need escaping.
func attended(t *testing.T) []skald.Event {
	t.Helper()
	exhausted := skald.Cause{Kind: skald.CauseExhausted, Step: skald.StepScheduleShipping}
	return story(t, placed(), skald.StockReserved{Items: mugs}, skald.PaymentCharged{Amount: amount},
		skald.CompensationStarted{Cause: exhausted},
		skald.CompensationFailed{Undo: skald.UndoRefundPayment, Code: skald.CodeRefundRefused},
		skald.OrderNeedsAttention{Undo: skald.UndoRefundPayment}, skald.StockReleased{Items: mugs},
		skald.IncidentResolved{Undo: skald.UndoRefundPayment, Action: skald.ActionDoneOutside},
		skald.PaymentRefunded{Amount: amount, Outside: &skald.OutsideRecord{Actor: `<b>"Ann" & Co</b>`}},
		skald.CompensationCompleted{Undone: []skald.Undo{skald.UndoReleaseStock, skald.UndoRefundPayment}},
		skald.OrderFailed{Cause: exhausted})
}

func TestASagaIsDrawnAsItsGoldenShows(t *testing.T) {
	t.Parallel()
	for name, events := range map[string][]skald.Event{
		"compensated": compensated(t),
		"confirmed":   confirmed(t),
		"attended":    attended(t),
		"underway":    confirmed(t)[:2],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := picture.Draw(events)
			if err != nil {
				t.Fatal(err)
			}
			wellFormed(t, got)
			if diff := cmp.Diff(golden(t, name+".svg", got), string(got)); diff != "" {
				t.Errorf("(-golden +got, -update writes it):\n%s", diff)
			}
		})
	}
}

// Kafka delivers at least once, and two topics in no common order.
func TestOrderAndRepeatsOfEventsDoNotMatter(t *testing.T) {
	t.Parallel()
	want, err := picture.Draw(compensated(t))
	if err != nil {
		t.Fatal(err)
	}
	shuffled := append(compensated(t), compensated(t)...)
	slices.Reverse(shuffled)
	got, err := picture.Draw(shuffled)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Error("the drawing differs")
	}
}

func TestTheDescriptionTellsTheWholeDrawing(t *testing.T) {
	t.Parallel()
	svg, err := picture.Draw(compensated(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<title id="title">Order order-1001: rejected</title>`,
		`<desc id="desc">1 order.placed (2 × mug, 25.00 EUR). 2 stock.reserved (2 × mug). 3 payment.charged (25.00 EUR). ` +
			`4 compensation.started (schedule_shipping refused: address_not_served). 5 payment.refunded (25.00 EUR). 6 stock.released (2 × mug). ` +
			`7 compensation.completed (refund_payment, release_stock). 8 order.rejected (schedule_shipping refused: address_not_served).</desc>`,
	} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("lacks %s", want)
		}
	}
}

func TestEventsThatAreNoWholeStoryAreRefused(t *testing.T) {
	t.Parallel()
	stranger := confirmed(t)
	stranger[3].Subject = "order-1002"
	for name, test := range map[string]struct {
		events []skald.Event
		want   string
	}{
		"none":           {nil, "0 events, must be 1 to 200"},
		"too many":       {make([]skald.Event, picture.MaxEvents+1), "201 events, must be 1 to 200"},
		"a gap":          {slices.Delete(compensated(t), 3, 4), "event 4 is missing"},
		"no beginning":   {compensated(t)[1:], "event 1 is missing"},
		"another's":      {stranger, "events are of several orders"},
		"stock received": {[]skald.Event{{Kind: skald.KindStockReceived, Subject: "mug"}}, "event 1 is missing"},
	} {
		if _, err := picture.Draw(test.events); err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

// The goldens of the wire are one of every kind: a kind without a caption would
// be a line without words in every place that shows events.
func TestEveryKindOfEventHasACaption(t *testing.T) {
	t.Parallel()
	for _, kind := range append(skald.ForwardKinds(), skald.CompensationKinds()...) {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "event", string(kind)+".v1.json"))
		if err != nil {
			t.Fatal(err)
		}
		caption := picture.Caption(skald.Event{Kind: kind, Data: data})
		if caption == "" || strings.Contains(caption, "%!") {
			t.Errorf("%s: caption %q", kind, caption)
		}
		if got := picture.Caption(skald.Event{Kind: kind, Data: []byte("[")}); got != "" {
			t.Errorf("%s: caption of data that cannot be read: %q", kind, got)
		}
	}
	if got := picture.Caption(skald.Event{Kind: "order.framed"}); got != "" {
		t.Errorf("caption of an unknown kind: %q", got)
	}
}

func TestCaptionsSayWhatMatters(t *testing.T) {
	t.Parallel()
	many := []skald.Quantity{{SKU: "a", Quantity: 1}, {SKU: "b", Quantity: 1}, {SKU: "c", Quantity: 1}}
	for _, test := range []struct {
		payload skald.Payload
		want    string
	}{
		{skald.StockReserved{Items: many}, "3 SKUs"},
		{skald.StockReserved{Items: many[:2]}, "1 × a, 1 × b"},
		{skald.CompensationCompleted{}, "nothing to undo"},
		{skald.OrderCancelled{Cause: skald.Cause{Kind: skald.CauseCancelled}}, "cancel requested"},
		{skald.OrderFailed{Cause: skald.Cause{Kind: skald.CauseExhausted, Step: skald.StepChargePayment}}, "charge_payment exhausted"},
		{skald.StockReleased{Items: mugs, Outside: &skald.OutsideRecord{Actor: "ann"}}, "2 × mug, done outside by ann"},
	} {
		if got := picture.Caption(story(t, test.payload)[0]); got != test.want {
			t.Errorf("%s: got %q, want %q", test.payload.Kind(), got, test.want)
		}
	}
}

func TestPassedTimeIsWrittenAsPeopleReadIt(t *testing.T) {
	t.Parallel()
	for passed, want := range map[time.Duration]string{
		0: "0 ms", 12345 * time.Microsecond: "12 ms", 1250 * time.Millisecond: "1.2 s", 200 * time.Second: "3m20s",
	} {
		if got := picture.Since(start, start.Add(passed)); got != want {
			t.Errorf("%s: got %q, want %q", passed, got, want)
		}
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func golden(t *testing.T, name string, got []byte) string {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(want)
}
