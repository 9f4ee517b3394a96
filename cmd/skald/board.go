package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/picture"
)

// board is where an order's saga stands, as its events tell it: the status, and
// a row for each step.
type board struct {
	orderID string
	status  skald.Status
	note    string // what the reader should know now
	began   time.Time
	ended   time.Time // zero while it has not
	rows    []boardRow
}

type boardRow struct {
	step  skald.Step
	state rowState
	note  string
}

// rowState is how far a step is.
type rowState string

const (
	rowAhead   rowState = ""
	rowDone    rowState = "done"
	rowStopped rowState = "stopped" // the saga turned round here
	rowUndone  rowState = "undone"
	rowWaiting rowState = "waits" // for a person
	rowSkipped rowState = "skipped"
)

func newBoard(orderID string) *board {
	b := &board{orderID: orderID}
	for _, step := range skald.Steps() {
		b.rows = append(b.rows, boardRow{step: step})
	}
	return b
}

// dones and undones are the steps that an event tells of.
var (
	dones = map[skald.Kind]skald.Step{
		skald.KindStockReserved: skald.StepReserveStock, skald.KindPaymentCharged: skald.StepChargePayment,
		skald.KindShipmentScheduled: skald.StepScheduleShipping, skald.KindOrderConfirmed: skald.StepConfirmOrder,
	}
	undones = map[skald.Kind]skald.Step{
		skald.KindStockReleased: skald.StepReserveStock, skald.KindPaymentRefunded: skald.StepChargePayment,
		skald.KindShipmentCancelled: skald.StepScheduleShipping,
	}
)

// tell takes the next event.
func (b *board) tell(event skald.Event) {
	if b.began.IsZero() {
		b.began, b.status = event.Time, skald.StatusAccepted
	}
	if step, ok := dones[event.Kind]; ok {
		b.status = skald.StatusProcessing
		b.set(step, rowDone, picture.Caption(event))
	}
	if step, ok := undones[event.Kind]; ok {
		b.set(step, rowUndone, picture.Caption(event))
	}
	b.tellUndo(event)
	if status, final := endOf(event.Kind); final {
		b.status, b.ended, b.note = status, event.Time, ""
	}
}

// tellUndo takes the events that move a saga backwards.
func (b *board) tellUndo(event skald.Event) {
	var about struct {
		Undo  skald.Undo  `json:"undo"`
		Code  skald.Code  `json:"code"`
		Cause skald.Cause `json:"cause"`
	}
	_ = json.Unmarshal(event.Data, &about) // what cannot be read is not shown
	switch event.Kind {
	case skald.KindOrderCancelRequested:
		b.note = "a cancel was requested"
	case skald.KindCompensationStarted:
		b.status = skald.StatusCompensating
		b.set(about.Cause.Step, rowStopped, strings.TrimSpace(string(about.Cause.Kind)+" "+string(about.Cause.Code)))
	case skald.KindOrderNeedsAttention:
		b.status, b.note = skald.StatusNeedsAttention, whatToDecide(b.orderID)
	case skald.KindIncidentResolved:
		b.status, b.note = skald.StatusCompensating, ""
	case skald.KindCompensationFailed:
		b.set(about.Undo.Step(), rowWaiting, fmt.Sprintf("%s refused: %s", about.Undo, about.Code))
	case skald.KindCompensationSkipped:
		b.set(about.Undo.Step(), rowSkipped, picture.Caption(event))
	default:
	}
}

func (b *board) set(step skald.Step, state rowState, note string) {
	for n := range b.rows {
		if b.rows[n].step == step {
			b.rows[n].state, b.rows[n].note = state, note
		}
	}
}

// boardWidth is what fits on every terminal: a line that wraps would be two.
const boardWidth = 78

// lines is the board at a time.
func (b *board) lines(c *console, now time.Time) []string {
	if !b.ended.IsZero() {
		now = b.ended
	}
	head := fmt.Sprintf("%s  %s  %s", c.palette.strong(b.orderID), c.status(string(b.status)), c.palette.faint(picture.Since(b.began, now)))
	if b.began.IsZero() {
		head = c.palette.strong(b.orderID)
	}
	lines := []string{"", head}
	for n, row := range b.rows {
		lines = append(lines, c.boardLine(row, b.isNext(n)))
	}
	if b.note == "" {
		return lines
	}
	return append(lines, c.palette.undo(clip("  "+b.note, boardWidth)))
}

// isNext reports whether the step of row n is the one under way.
func (b *board) isNext(n int) bool {
	forward := b.status == skald.StatusAccepted || b.status == skald.StatusProcessing
	return forward && b.rows[n].state == rowAhead && (n == 0 || b.rows[n-1].state == rowDone)
}

func (c *console) boardLine(row boardRow, next bool) string {
	sign, paint := "·", c.palette.faint
	switch row.state {
	case rowDone:
		sign, paint = "✓", c.palette.good
	case rowStopped:
		sign, paint = "✗", c.palette.bad
	case rowUndone:
		sign, paint = "↩", c.palette.undo
	case rowWaiting, rowSkipped:
		sign, paint = "!", c.palette.bad
	case rowAhead:
		if next {
			sign, paint = "→", c.palette.do
		}
	}
	text := fmt.Sprintf("%-17s %-8s %s", row.step, row.state, row.note)
	return "  " + paint(sign) + " " + paint(clip(strings.TrimRight(text, " "), boardWidth-4))
}

// clip shortens text to so many runes.
func clip(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}
