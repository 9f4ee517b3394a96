package app_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
)

// The two doors through which a customer cancels.
const (
	byHTTP  = "http"
	byKafka = "kafka"
)

// cancelDesk is a world that is asked to cancel through both doors, by a program
// that knows nothing of skald: net/http and franz-go.
type cancelDesk struct {
	*world
	log  *callLog
	shop *kgo.Client

	mu      sync.Mutex
	letters map[string][]string // by key, as "reason: message"
}

func openCancelDesk(t *testing.T) *cancelDesk {
	t.Helper()
	log := newCallLog()
	d := &cancelDesk{log: log, letters: map[string][]string{}}
	d.world = start(t, app.DevConfig{Seams: log.seams(), Patience: time.Second})
	d.awaitReadiness(t, "ready") // before anybody asks Kafka for its topics
	shop, err := kgo.NewClient(kgo.SeedBrokers(d.Engine.Kafka()...), kgo.DefaultProduceTopic(skald.TopicOrders),
		kgo.ConsumeTopics(skald.TopicDeadLetters), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	d.shop = shop
	var reading sync.WaitGroup
	reading.Go(d.readLetters)
	t.Cleanup(func() { shop.Close(); reading.Wait() })
	return d
}

// readLetters keeps the dead letters until the client is closed.
func (d *cancelDesk) readLetters() {
	for {
		fetches := d.shop.PollFetches(context.Background())
		if fetches.IsClientClosed() {
			return
		}
		d.mu.Lock()
		fetches.EachRecord(func(r *kgo.Record) {
			d.letters[string(r.Key)] = append(d.letters[string(r.Key)], headerOf(r, skald.HeaderLetterReason)+": "+headerOf(r, skald.HeaderErrorMessage))
		})
		d.mu.Unlock()
	}
}

func headerOf(r *kgo.Record, name string) string {
	for _, header := range r.Headers {
		if header.Key == name {
			return string(header.Value)
		}
	}
	return ""
}

// send produces a cancel, or any other message, as the order's next one.
func (d *cancelDesk) send(t *testing.T, orderID, value string, headers ...string) {
	t.Helper()
	record := &kgo.Record{Key: []byte(orderID), Value: []byte(value)}
	for n := 0; n+1 < len(headers); n += 2 {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: headers[n], Value: []byte(headers[n+1])})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := d.shop.ProduceSync(ctx, record).FirstErr(); err != nil {
		t.Fatalf("produce: %v", err)
	}
}

func (d *cancelDesk) askByKafka(t *testing.T, orderID string) {
	t.Helper()
	for range 2 {
		d.send(t, orderID, `{"order_id":"`+orderID+`","reason":"changed my mind"}`, event("order.cancel_requested", orderID)...)
	}
}

// unusable begins the dead letter of the message that awaitHeard sends.
const unusable = "schema: "

// awaitHeard waits until intake is done with every message of the order that has
// been sent or recorded: a signal has then reached the saga. Messages of one
// order are handled one after the other, so it sends one that becomes a dead
// letter.
func (d *cancelDesk) awaitHeard(t *testing.T, orderID string) {
	t.Helper()
	eventually(t, time.Minute, "the events of "+orderID+" are published", func(ctx context.Context) bool {
		rows, err := d.Store().Unpublished(ctx, 0, 1000)
		return err == nil && !slices.ContainsFunc(rows, func(row skald.OutboxRow) bool { return row.Event.Subject == orderID })
	})
	d.awaitRead(t, orderID)
}

// awaitRead is awaitHeard without what the relay has still to publish.
func (d *cancelDesk) awaitRead(t *testing.T, orderID string) {
	t.Helper()
	before := len(d.lettersOf(orderID))
	d.send(t, orderID, `{}`)
	eventually(t, time.Minute, "intake has read all about "+orderID, func(context.Context) bool {
		letters := d.lettersOf(orderID)
		return len(letters) > before && strings.HasPrefix(letters[len(letters)-1], unusable)
	})
}

func (d *cancelDesk) lettersOf(orderID string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.letters[orderID])
}

// wantLetters compares the order's dead letters, without those of awaitRead.
func (d *cancelDesk) wantLetters(t *testing.T, orderID string, want ...string) {
	t.Helper()
	got := slices.DeleteFunc(d.lettersOf(orderID), func(letter string) bool { return strings.HasPrefix(letter, unusable) })
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(got, "\n")); diff != "" {
		t.Errorf("dead letters of %s (-want +got):\n%s", orderID, diff)
	}
}
