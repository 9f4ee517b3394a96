package deadletter_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/deadletter"
	"github.com/skald-saga/skald/internal/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const partitions = 3

// noon is when the desk's clock says it is.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// room is a broker with skald's topics, and a desk over it.
type room struct {
	*testing.T
	ctx     context.Context
	cluster *kfake.Cluster
	intake  *kgo.Client // writes as intake does
	admin   *kadm.Client
	desk    *deadletter.Desk
	pace    *pace
}

func newRoom(t *testing.T, opts ...kfake.Opt) *room {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	intake, err := kafka.NewDeadLetterProducer(kafkaOptions(cluster))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(intake.Close)
	if err := kafka.EnsureTopics(ctx, intake, kafka.TopicOptions{Partitions: partitions}); err != nil {
		t.Fatal(err)
	}
	r := &room{T: t, ctx: ctx, cluster: cluster, intake: intake, admin: kadm.NewClient(intake), pace: &pace{}}
	r.desk = r.open()
	return r
}

// open is another desk over the same broker.
func (r *room) open() *deadletter.Desk {
	r.Helper()
	desk, err := deadletter.New(deadletter.Options{
		Kafka: kafkaOptions(r.cluster), Pace: r.pace.start, Now: func() time.Time { return noon },
		Logger: quiet(),
	})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(desk.Close)
	return desk
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func kafkaOptions(cluster *kfake.Cluster) kafka.Options {
	return kafka.Options{Brokers: cluster.ListenAddrs(), Logger: quiet()}
}

// pace lets every letter go at once, and counts.
type pace struct {
	mu     sync.Mutex
	rates  []float64 // one for each replay
	waits  int
	onWait func(ctx context.Context, wait int) error
}

func (p *pace) start(perSecond float64) deadletter.Pacer {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rates = append(p.rates, perSecond)
	return p
}

func (p *pace) Wait(ctx context.Context) error {
	p.mu.Lock()
	p.waits++
	wait, onWait := p.waits, p.onWait
	p.mu.Unlock()
	if onWait != nil {
		return onWait(ctx, wait)
	}
	return ctx.Err()
}

// parked says what intake parks.
type parked struct {
	order     string
	reason    skald.DeadLetterReason
	partition int32
	replays   string
	at        time.Time
	value     string
	headers   []kgo.RecordHeader
}

// park writes letters as intake does, and returns their IDs.
func (r *room) park(letters ...parked) []string {
	r.Helper()
	var ids []string
	for _, p := range letters {
		ids = append(ids, r.write(p.record()))
	}
	return ids
}

func (p parked) record() *kgo.Record {
	if p.at.IsZero() {
		p.at = noon.Add(-time.Hour)
	}
	if p.replays == "" {
		p.replays = "0"
	}
	if p.value == "" {
		p.value = `{"id":"` + p.order + `"}`
	}
	letter := &kgo.Record{
		Topic: skald.TopicDeadLetters, Partition: p.partition, Key: []byte(p.order), Value: []byte(p.value),
		Timestamp: noon.Add(-2 * time.Hour), Headers: slices.Clone(p.headers),
	}
	for _, header := range [][2]string{
		{skald.HeaderErrorTopic, skald.TopicOrders},
		{skald.HeaderErrorPartition, strconv.Itoa(int(p.partition))},
		{skald.HeaderErrorOffset, "7"},
		{skald.HeaderErrorGroup, skald.GroupIntake},
		{skald.HeaderErrorDeliveryCount, "5"},
		{skald.HeaderErrorMessage, "value is not JSON"},
		{skald.HeaderLetterReason, string(p.reason)},
		{skald.HeaderLetterStage, "decode"},
		{skald.HeaderLetterFirstFailedAt, p.at.Format(time.RFC3339Nano)},
		{skald.HeaderLetterAttempts, "5"},
		{skald.HeaderLetterReplayCount, p.replays},
	} {
		letter.Headers = append(letter.Headers, kgo.RecordHeader{Key: header[0], Value: []byte(header[1])})
	}
	return letter
}

// write returns the record's "partition-offset".
func (r *room) write(record *kgo.Record) string {
	r.Helper()
	written, err := r.intake.ProduceSync(r.ctx, record).First()
	if err != nil {
		r.Fatal(err)
	}
	return strconv.Itoa(int(written.Partition)) + "-" + strconv.FormatInt(written.Offset, 10)
}

// size is how many records topic has.
func (r *room) size(topic string) int {
	total := int64(0)
	for _, p := range r.cluster.PartitionInfos(topic) {
		total += p.HighWatermark
	}
	return int(total)
}

var errEnough = errors.New("enough")

// read is every record of topic, by partition.
func (r *room) read(topic string) []*kgo.Record {
	r.Helper()
	want := r.size(topic)
	if want == 0 {
		return nil
	}
	o := kafkaOptions(r.cluster)
	o.Extra = []kgo.Opt{kgo.FetchMaxWait(50 * time.Millisecond)} // or an empty partition's fetch holds up the others
	reader, err := kafka.OpenReader(r.ctx, kafka.ReaderOptions{Kafka: o, Topics: []string{topic}, FromStart: true})
	if err != nil {
		r.Fatal(err)
	}
	defer reader.Close()
	var got []*kgo.Record
	err = reader.Read(r.ctx, func(record *kgo.Record) error {
		if got = append(got, record); len(got) == want {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		r.Fatalf("%s has %d records, want %d (%v)", topic, len(got), want, err)
	}
	slices.SortStableFunc(got, func(a, b *kgo.Record) int { return int(a.Partition - b.Partition) })
	return got
}

// orders is the keys on the orders topic, by partition.
func (r *room) orders() []string {
	r.Helper()
	keys := []string{}
	for _, record := range r.read(skald.TopicOrders) {
		keys = append(keys, string(record.Key))
	}
	return keys
}

// ids lists the letters in a state.
func (r *room) ids(state deadletter.State) []string {
	r.Helper()
	letters, _, err := r.desk.List(r.ctx, deadletter.Query{State: state, Limit: deadletter.MaxLimit})
	if err != nil {
		r.Fatal(err)
	}
	return idsOf(letters)
}

func idsOf(letters []deadletter.Letter) []string {
	ids := []string{}
	for _, letter := range letters {
		ids = append(ids, letter.ID)
	}
	return ids
}

// replay replays as ada.
func (r *room) replay(o deadletter.ReplayOptions) deadletter.Report {
	r.Helper()
	o.Actor = "ada"
	report, err := r.desk.Replay(r.ctx, o)
	if err != nil {
		r.Fatal(err)
	}
	return report
}

// committed is the offsets of the replay group, -1 for none.
func (r *room) committed() []int64 {
	r.Helper()
	offsets, err := r.admin.FetchOffsetsForTopics(r.ctx, skald.GroupReplay, skald.TopicDeadLetters)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		r.Fatal(err)
	}
	got := make([]int64, partitions)
	for n := range got {
		got[n] = -1
		if offset, ok := offsets.Lookup(skald.TopicDeadLetters, int32(n)); ok {
			got[n] = offset.At
		}
	}
	return got
}
