package audit

import (
	"fmt"
	"strings"
)

// judgeDigest compares a pruned order's row with its digest. Nothing else of the
// order must be left: its details went in one transaction.
func (b book) judgeDigest(n *notebook) {
	n.pruned()
	wrong := b.order.Pruned.Disagreements(b.order)
	for _, left := range []struct {
		count int
		of    string
	}{
		{len(b.events), "events"},
		{len(b.effects), "effects"},
		{len(b.intents), "intents of provider calls"},
		{len(b.held), "reservations"},
		{len(b.incidents), "open incidents"},
	} {
		if left.count > 0 {
			wrong = append(wrong, fmt.Sprintf("it has %d %s", left.count, left.of))
		}
	}
	if len(wrong) == 0 {
		return
	}
	n.note(Finding{
		Kind: DigestMismatch, OrderID: b.order.ID,
		What: fmt.Sprintf("the row of order %s and its digest disagree: %s", b.order.ID, strings.Join(wrong, "; ")),
		Why:  "a pruned order no longer changes: rows were changed by hand, or restored without each other",
	})
}
