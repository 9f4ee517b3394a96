package audit

import (
	"fmt"
	"strings"

	"github.com/skald-saga/skald"
)

// judgeReservations: whoever has ended, or has released, holds nothing.
func (b book) judgeReservations(n *notebook) {
	released := b.effect(skald.StepReserveStock, true)
	if len(b.held) == 0 || !b.order.Status.Final() && released == "" {
		return
	}
	why := "the reservation outlived its order: rows were changed by hand, or restored without each other"
	if released != "" {
		why = fmt.Sprintf("release_stock is recorded as %s and did not reach these rows: they were changed afterwards", released)
	}
	n.note(Finding{
		Kind: ReservationOrphaned, OrderID: b.order.ID, Why: why,
		What: fmt.Sprintf("order %s is %s and still holds %s", b.order.ID, b.order.Status, stockText(b.held)),
	})
}

// maxNamedSKUs bounds how many SKUs one finding names.
const maxNamedSKUs = 5

func stockText(held []skald.Quantity) string {
	var parts []string
	for at, q := range held {
		if at == maxNamedSKUs {
			parts = append(parts, fmt.Sprintf("and %d more", len(held)-at))
			break
		}
		parts = append(parts, fmt.Sprintf("%d of %s", q.Quantity, q.SKU))
	}
	return strings.Join(parts, ", ")
}

func (b book) judgeIncidents(n *notebook) {
	for _, incident := range b.incidents {
		n.note(Finding{
			Kind: IncidentOpen, OrderID: b.order.ID,
			What: fmt.Sprintf("%s of order %s waits for a decision since %s", incident.Undo, b.order.ID, incident.OpenedAt.Format("2006-01-02 15:04:05 UTC")),
			Why:  fmt.Sprintf("it was refused for good: %s", incident.Code),
		})
	}
}
