package picture

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/skald-saga/skald"
)

// lane is one column of the drawing.
type lane int

const (
	laneOrder lane = iota
	laneStock
	lanePayment
	laneShipping
	lanes
)

var laneNames = [lanes]string{"order", "stock", "payment", "shipping"}

// tone is what a box means; it decides the colour.
type tone string

const (
	toneDo      tone = "do"
	toneUndo    tone = "undo"
	toneGood    tone = "good"
	toneBad     tone = "bad"
	toneRefused tone = "refused" // no event: the do that did not happen
)

// box is what stands in a lane.
type box struct {
	lane  lane
	tone  tone
	title string
	words string
}

// row is one event, and before compensation.started the do that led to it.
type row struct {
	sequence int64
	passed   string // since the order's first event
	event    box
	refused  *box
}

func rowOf(event skald.Event, start time.Time) row {
	return row{
		sequence: event.Sequence,
		passed:   Since(start, event.Time),
		event: box{
			lane:  laneOf(event),
			tone:  toneOf(event.Kind),
			title: string(event.Kind),
			words: wordsOf(event),
		},
		refused: refusedBy(event),
	}
}

// wordsOf is the caption, or less where the step is drawn anyway: a box is
// narrow.
func wordsOf(event skald.Event) string {
	var because struct {
		Cause skald.Cause `json:"cause"`
	}
	if json.Unmarshal(event.Data, &because) != nil || because.Cause.Kind == "" {
		return Caption(event)
	}
	if because.Cause.Code != "" {
		return string(because.Cause.Code)
	}
	return string(because.Cause.Kind)
}

func laneOf(event skald.Event) lane {
	switch family, _, _ := strings.Cut(string(event.Kind), "."); family {
	case "stock":
		return laneStock
	case "payment":
		return lanePayment
	case "shipment":
		return laneShipping
	}
	return laneOfUndo(event)
}

// laneOfUndo is for events about one undo: they belong where the undo does.
func laneOfUndo(event skald.Event) lane {
	var about struct {
		Undo skald.Undo `json:"undo"`
	}
	if json.Unmarshal(event.Data, &about) != nil || event.Kind == skald.KindOrderNeedsAttention {
		return laneOrder
	}
	return laneOfStep(about.Undo.Step())
}

func laneOfStep(step skald.Step) lane {
	switch step {
	case skald.StepReserveStock:
		return laneStock
	case skald.StepChargePayment:
		return lanePayment
	case skald.StepScheduleShipping:
		return laneShipping
	case skald.StepConfirmOrder:
		return laneOrder
	}
	return laneOrder
}

func toneOf(kind skald.Kind) tone {
	switch kind {
	case skald.KindOrderConfirmed:
		return toneGood
	case skald.KindOrderRejected, skald.KindOrderFailed, skald.KindOrderCancelled,
		skald.KindOrderNeedsAttention, skald.KindCompensationFailed:
		return toneBad
	default:
	}
	if kind.Topic() == skald.TopicCompensations {
		return toneUndo
	}
	return toneDo
}

// refusedBy is the step at which an order began to compensate. It left no event
// of its own, and without it the drawing would not say what went wrong where.
func refusedBy(event skald.Event) *box {
	var started skald.CompensationStarted
	if event.Kind != skald.KindCompensationStarted || json.Unmarshal(event.Data, &started) != nil || started.Cause.Step == "" {
		return nil
	}
	refused := &box{lane: laneOfStep(started.Cause.Step), tone: toneRefused, title: string(started.Cause.Step)}
	if refused.lane == laneOrder { // there stands the event itself
		return nil
	}
	refused.words = join(": ", string(started.Cause.Kind), string(started.Cause.Code))
	return refused
}
