package audit_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/kafka"
)

func topicDamages() map[string]damage {
	lost := "Kafka lost what it had acknowledged, the topic was made anew, or the row was marked by hand"
	return map[string]damage{
		"an event that Kafka lost": {
			make: func(t *testing.T, w *world) {
				w.place(t, "o1")
				w.temporal.run("o1")
				for _, row := range w.unpublished(t) {
					must(t, w.store.MarkPublished(t.Context(), []int64{row.Position}))
				}
			},
			want: []audit.Finding{
				{Kind: audit.EventNotOnTopic, SKU: "SKU-o1", Topic: skald.TopicEvents, What: "stock.received of SKU-o1 counts as published and is not on skald.events.v1", Why: lost},
				{Kind: audit.EventNotOnTopic, OrderID: "o1", Topic: skald.TopicEvents, What: "order.placed, event 1 of order o1, counts as published and is not on skald.events.v1", Why: lost},
				{Kind: audit.EventNotOnTopic, OrderID: "o1", Topic: skald.TopicOrders, What: "order.placed, event 1 of order o1, counts as published and is not on skald.orders.v1", Why: lost},
			},
			mended: []string{
				"published it to skald.events.v1 again", "published it to skald.events.v1 again", "published it to skald.orders.v1 again",
			},
		},
		"an event that the store does not know": {
			make: func(t *testing.T, w *world) {
				event, err := skald.NewEvent("ghost", "", skald.OrderConfirmed{OrderID: "ghost"})
				must(t, err)
				event.Sequence = 7
				w.forge(t, kafka.Encode(event, skald.TopicEvents))
			},
			want: []audit.Finding{{
				Kind: audit.EventUnknown, OrderID: "ghost", Topic: skald.TopicEvents,
				What: "the message at skald.events.v1/5 offset 0 is no event of the store's",
				Why:  "the store does not know it: it was restored from an older backup, or somebody else wrote in skald's name",
			}},
			mended: []string{""}, byHand: deleteRecords,
		},
		"an event with other content": {
			make: func(t *testing.T, w *world) {
				w.confirmed(t, "o1")
				w.publish(t)
				w.exec(t, `UPDATE events SET data = replace(data, '25.00', '52.00') WHERE subject = 'o1' AND sequence = 5`)
			},
			want: []audit.Finding{{
				Kind: audit.EventUnknown, OrderID: "o1", Topic: skald.TopicEvents,
				What: "the message at skald.events.v1/1 offset 4 is no event of the store's",
				Why:  "its content is not the store's: a row was changed after it was published, or somebody else wrote in skald's name",
			}},
			mended: []string{""},
			byHand: func(t *testing.T, w *world) {
				w.exec(t, `UPDATE events SET data = replace(data, '52.00', '25.00') WHERE subject = 'o1' AND sequence = 5`)
			},
		},
		"an event that nobody can read": {
			make: func(t *testing.T, w *world) {
				w.forge(t, &kgo.Record{Topic: skald.TopicCompensations, Key: []byte("ghost"), Value: []byte("no JSON")})
			},
			want: []audit.Finding{{
				Kind: audit.EventUnknown, Topic: skald.TopicCompensations,
				What: "the message at skald.compensations.v1/5 offset 0 is no event of the store's", Why: "value is not JSON",
			}},
			mended: []string{""}, byHand: deleteRecords,
		},
	}
}

// forge writes to a topic as anyone can.
func (w *world) forge(t *testing.T, r *kgo.Record) {
	t.Helper()
	must(t, w.relay.ProduceSync(t.Context(), r).FirstErr())
}

// deleteRecords empties the event topics.
func deleteRecords(t *testing.T, w *world) {
	t.Helper()
	admin := kadm.NewClient(w.relay)
	ends, err := admin.ListEndOffsets(t.Context(), skald.TopicEvents, skald.TopicCompensations)
	must(t, err)
	_, err = admin.DeleteRecords(t.Context(), ends.Offsets())
	must(t, err)
}
