package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

// claim is a message that says it is one of skald's events.
type claim struct {
	kafka.Envelope
	at string // topic, partition and offset
}

// claimOf reads a message. The orders topic belongs to everyone: what others
// write there, and what cannot be read, is intake's matter. The event topics are
// skald's alone, and what cannot be read there is nobody's event.
func claimOf(r *kgo.Record) (c claim, ours bool, unreadable error) {
	at := fmt.Sprintf("%s/%d offset %d", r.Topic, r.Partition, r.Offset)
	envelope, err := kafka.Decode(r)
	if err != nil && r.Topic != skald.TopicOrders {
		return claim{at: at}, false, err
	}
	return claim{envelope, at}, err == nil && !envelope.Plain && envelope.Source == skald.Source, nil
}

// compare looks up the events that a batch of messages claims to be, and marks
// those that are.
func (a *Auditor) compare(ctx context.Context, n *notebook, t *topic, batch []*kgo.Record) error {
	var claims []claim
	var ids []string
	for _, r := range batch {
		if !n.query.concerns(string(r.Key)) {
			continue
		}
		c, ours, unreadable := claimOf(r)
		switch {
		case unreadable != nil:
			n.note(stranger(t, c, unreadable.Error()))
		case ours:
			claims, ids = append(claims, c), append(ids, c.ID)
		}
	}
	rows, err := a.o.Store.AuditEvents(ctx, ids)
	if err != nil {
		return err
	}
	known := map[string]skald.OutboxRow{}
	for _, row := range rows {
		known[row.Event.ID] = row
	}
	for _, c := range claims {
		if _, found := known[c.ID]; !found {
			pruned, err := a.prunedEvent(ctx, c)
			if err != nil {
				return err
			}
			if pruned {
				continue
			}
		}
		if err := c.judge(n, t, known); err != nil {
			return err
		}
	}
	return nil
}

// prunedEvent reports whether a message that the store does not know can be an
// event of an order whose details are gone. Topics keep more than their retention
// says: they delete whole segments.
func (a *Auditor) prunedEvent(ctx context.Context, c claim) (bool, error) {
	order, err := a.o.Store.Order(ctx, c.Subject)
	if errors.Is(err, skald.ErrNotFound) {
		return false, nil
	}
	return err == nil && order.Pruned != nil && c.Sequence >= 1 && c.Sequence <= order.Pruned.Events, err
}

func (c claim) judge(n *notebook, t *topic, known map[string]skald.OutboxRow) error {
	row, found := known[c.ID]
	if !found {
		n.note(stranger(t, c, "the store does not know it: it was restored from an older backup, or somebody else wrote in skald's name"))
		return nil
	}
	if differs := c.differs(row.Event); differs != "" {
		n.note(stranger(t, c, "its "+differs+" is not the store's: a row was changed after it was published, or somebody else wrote in skald's name"))
	}
	return t.seen.add(row.Position)
}

// differs names the first thing in which a message is not the event.
func (c claim) differs(event skald.Event) string {
	switch {
	case c.Type != event.Kind.Type():
		return "kind"
	case c.Subject != event.Subject:
		return "subject"
	case c.Sequence != event.Sequence:
		return "sequence"
	case !bytes.Equal(c.Data, event.Data):
		return "content"
	}
	return ""
}

func stranger(t *topic, c claim, why string) Finding {
	return Finding{
		Kind: EventUnknown, EventID: c.ID, OrderID: c.Subject, Topic: t.name, Why: why,
		What: fmt.Sprintf("the message at %s is no event of the store's", c.at),
	}
}
