package audit_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/activities"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/provider/sandbox"
	"github.com/skald-saga/skald/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is everything that an auditor compares: a real store, real sandbox
// providers, a broker in this process, and a Temporal that only knows runs.
type world struct {
	*audit.Auditor
	store    *store.Store
	db       *database.DB
	ledgerDB *database.DB
	acts     *activities.Activities
	ledger   *sandbox.Sandbox
	payment  *sandbox.Payment
	carrier  *sandbox.Carrier
	temporal *temporal
	cluster  *kfake.Cluster
	relay    *kgo.Client
}

// newWorld judges everything at once, however young: most tests have no time to
// let anything rest.
func newWorld(t testing.TB, change ...func(*audit.Options)) *world {
	t.Helper()
	w := &world{temporal: newTemporal(), cluster: broker(t)}
	w.db, w.ledgerDB = openDatabase(t), openDatabase(t)
	opened, err := store.Open(t.Context(), w.db)
	must(t, err)
	t.Cleanup(func() { must(t, opened.Close()) })
	ledger, err := sandbox.Open(t.Context(), w.ledgerDB)
	must(t, err)
	w.ledger, w.store, w.payment, w.carrier = ledger, opened, ledger.Payment(), ledger.Carrier()
	w.acts, err = activities.New(activities.Options{Store: w.store, Payment: w.payment, Carrier: w.carrier})
	must(t, err)
	o := audit.Options{
		Store: w.store, Sagas: w.temporal, Payment: w.payment, Carrier: w.carrier, Kafka: w.kafka(),
		Grace: time.Nanosecond, Logger: quiet(),
	}
	for _, alter := range change {
		alter(&o)
	}
	w.Auditor, err = audit.New(o)
	must(t, err)
	w.relay, err = kafka.NewProducer(w.kafka())
	must(t, err)
	t.Cleanup(w.relay.Close)
	must(t, kafka.EnsureTopics(t.Context(), w.relay, kafka.TopicOptions{}))
	return w
}

func broker(t testing.TB) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	must(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

func openDatabase(t testing.TB) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: databasetest.SQLite(t)})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func (w *world) kafka() kafka.Options {
	return kafka.Options{Brokers: w.cluster.ListenAddrs(), Logger: quiet()}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// exec changes rows by hand.
func (w *world) exec(t *testing.T, text string, args ...any) {
	t.Helper()
	execOn(t, w.db, text, args...)
}

func execOn(t *testing.T, db *database.DB, text string, args ...any) {
	t.Helper()
	_, err := db.Writer().ExecContext(t.Context(), text, args...)
	must(t, err)
}

// publish does what the relay does.
func (w *world) publish(t *testing.T) {
	t.Helper()
	for _, row := range w.unpublished(t) {
		for _, topic := range row.Topics {
			must(t, w.relay.ProduceSync(t.Context(), kafka.Encode(row.Event, topic)).FirstErr())
		}
		must(t, w.store.MarkPublished(t.Context(), []int64{row.Position}))
	}
}

func (w *world) unpublished(t *testing.T) []skald.OutboxRow {
	t.Helper()
	rows, err := w.store.Unpublished(t.Context(), 0, 10_000)
	must(t, err)
	return rows
}

// events is what a topic holds, in the order of its partitions.
func (w *world) events(t *testing.T, topic string, want int) []skald.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	reader, err := kafka.OpenReader(ctx, kafka.ReaderOptions{Kafka: w.kafka(), Topics: []string{topic}, FromStart: true})
	must(t, err)
	defer reader.Close()
	var events []skald.Event
	must(t, reader.Read(ctx, func(r *kgo.Record) error {
		event, err := kafka.DecodeEvent(r)
		if events = append(events, event); len(events) == want {
			cancel()
		}
		return err
	}))
	if len(events) < want {
		t.Fatalf("%s has %d events, want %d", topic, len(events), want)
	}
	return events
}

func (w *world) audit(t testing.TB, q audit.Query) audit.Report {
	t.Helper()
	report, err := w.Audit(t.Context(), q)
	must(t, err)
	return report
}

func (w *world) repair(t *testing.T, r audit.Report) audit.Report {
	t.Helper()
	repaired, err := w.Repair(t.Context(), r)
	must(t, err)
	return repaired
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
