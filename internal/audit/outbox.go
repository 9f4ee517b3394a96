package audit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skald-saga/skald"
)

// outbox goes through the rows that no relay has marked.
func (a *Auditor) outbox(ctx context.Context, n *notebook) error {
	for after := int64(0); ; {
		rows, err := a.o.Store.Unpublished(ctx, after, page)
		if err != nil {
			return err
		}
		n.looked(PartOutbox, len(rows))
		for _, row := range rows {
			if n.query.concerns(row.Event.Subject) && a.rests(row.Event.Time) {
				n.note(unpublished(row))
			}
		}
		if len(rows) < page {
			return nil
		}
		after = rows[len(rows)-1].Position
	}
}

func unpublished(row skald.OutboxRow) Finding {
	return about(row.Event, Finding{
		Kind: EventUnpublished, Position: row.Position,
		What: fmt.Sprintf("%s waits to be published to %s since %s", nameOf(row.Event),
			strings.Join(row.Topics, " and "), row.Event.Time.Format(time.RFC3339)),
		Why: "no relay leads, Kafka does not take it, or an earlier event of the same key is refused",
	})
}

// about fills in which event a finding is about.
func about(event skald.Event, f Finding) Finding {
	f.EventID = event.ID
	if event.Kind == skald.KindStockReceived {
		f.SKU = event.Subject
	} else {
		f.OrderID = event.Subject
	}
	return f
}

func nameOf(event skald.Event) string {
	if event.Sequence == 0 {
		return fmt.Sprintf("%s of %s", event.Kind, event.Subject)
	}
	return fmt.Sprintf("%s, event %d of order %s,", event.Kind, event.Sequence, event.Subject)
}
