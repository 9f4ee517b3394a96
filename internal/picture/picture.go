// Package picture shows what happened to an order to people: as a drawing of
// its saga, and as a few words for each event.
//
// Draw makes an SVG with one lane for each of order, stock, payment and
// shipping. Time runs down, every event is a box in its lane, in the order of
// its sequence. Going forward is one colour; once a step is refused, the undos
// walk back through the lanes in another. The drawing is made from nothing but
// the events, as any consumer of the two event topics has them.
//
// It is a pure function: the same events give the same bytes.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skald-saga/skald"
)

// MaxEvents bounds a drawing. An order has at most about twenty events; more
// come only from incidents that are decided again and again.
const MaxEvents = 200

// Draw is the saga that events tell, as an SVG document. Events may come in any
// order and twice. It errors when they are none, too many, of several orders or
// of none, or when a sequence is missing from 1 on.
func Draw(events []skald.Event) ([]byte, error) {
	story, err := arrange(events)
	if err != nil {
		return nil, err
	}
	rows := make([]row, len(story))
	for n, event := range story {
		rows[n] = rowOf(event, story[0].Time)
	}
	var svg bytes.Buffer
	d := drawing{out: &svg, rows: rows}
	d.open(titleOf(story), describe(story))
	d.arrows()
	d.boxes()
	d.close()
	return svg.Bytes(), nil
}

// arrange is events by sequence, without repeats.
func arrange(events []skald.Event) ([]skald.Event, error) {
	if len(events) == 0 || len(events) > MaxEvents {
		return nil, fmt.Errorf("%d events, must be 1 to %d", len(events), MaxEvents)
	}
	story := slices.Clone(events)
	slices.SortStableFunc(story, func(a, b skald.Event) int { return int(a.Sequence - b.Sequence) })
	story = slices.CompactFunc(story, func(a, b skald.Event) bool { return a.Sequence == b.Sequence && a.ID == b.ID })
	for n, event := range story {
		if event.Subject != story[0].Subject {
			return nil, errors.New("events are of several orders")
		}
		if event.Sequence != int64(n)+1 {
			return nil, fmt.Errorf("event %d is missing", n+1)
		}
	}
	return story, nil
}

func titleOf(story []skald.Event) string {
	last := story[len(story)-1]
	if !last.Kind.Final() {
		return "Order " + last.Subject + ", on its way"
	}
	return "Order " + last.Subject + ": " + strings.TrimPrefix(string(last.Kind), "order.")
}

// describe tells the whole drawing in words, for those who cannot see it.
func describe(story []skald.Event) string {
	var text strings.Builder
	for _, event := range story {
		fmt.Fprintf(&text, "%d %s", event.Sequence, event.Kind)
		if caption := Caption(event); caption != "" {
			fmt.Fprintf(&text, " (%s)", caption)
		}
		text.WriteString(". ")
	}
	return strings.TrimSpace(text.String())
}

// Since says how much later at is than start, as people read it: "12 ms",
// "1.2 s", "3m20s".
func Since(start, at time.Time) string {
	switch passed := at.Sub(start); {
	case passed < time.Second:
		return fmt.Sprintf("%d ms", passed.Milliseconds())
	case passed < time.Minute:
		return fmt.Sprintf("%.1f s", passed.Seconds())
	default:
		return passed.Round(time.Second).String()
	}
}
