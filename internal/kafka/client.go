package kafka

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kslog"
)

// Limits and defaults of clients.
const (
	// DefaultMetadataMinAge is how soon a client may ask again where a
	// partition lives. The library's 5 s would be the time to find a new topic.
	DefaultMetadataMinAge = 250 * time.Millisecond
	// ProducerLinger is how long the relay waits for more records to a
	// partition. It hands over bursts, so that little is gained by waiting longer;
	// and an order waits for it before its saga starts, and behind each event.
	ProducerLinger = time.Millisecond
	// MaxBuffered bounds the records a producer holds before Produce blocks.
	MaxBuffered = 10_000
	// MaxFetchBytes and MaxFetchPartitionBytes bound what one fetch brings.
	MaxFetchBytes          = 8 << 20
	MaxFetchPartitionBytes = 1 << 20
	// MaxFetchWait is how long a broker may hold a fetch that finds nothing. It
	// is also how long a resumed partition may wait behind such a fetch; the
	// library's 5 s would be felt.
	MaxFetchWait = time.Second
	// CommitInterval is how often marked offsets are committed. It bounds what
	// a killed consumer repeats.
	CommitInterval = time.Second
	// SessionTimeout is after how long without heartbeat a killed consumer's
	// partitions go to others. Until then its orders wait, and while a group
	// forms, everybody's do: so it is shorter than the library's 45 s, and still
	// five heartbeats.
	SessionTimeout = 15 * time.Second
	// RebalanceTimeout is how long a member may drain before it is put out.
	RebalanceTimeout = 60 * time.Second
	// MaxDeadLetterBytes leaves room for the headers that a dead letter gets on
	// top of a message of Kafka's default size.
	MaxDeadLetterBytes = 2 << 20
	// probeTimeout bounds one look at what a broker speaks.
	probeTimeout = 3 * time.Second
)

// Options say how to reach Kafka. The zero value of a field means its default.
type Options struct {
	// Brokers are host:port addresses to begin with. Required.
	Brokers []string
	// ClientID is what brokers log. Default "skald".
	ClientID string
	// Security is TLS and SASL. Default none.
	Security Security
	// MetadataMinAge is DefaultMetadataMinAge by default.
	MetadataMinAge time.Duration
	// Logger receives what the client logs. Default slog.Default().
	Logger *slog.Logger
	// Extra options are applied last: hooks, a dialer.
	Extra []kgo.Opt
}

// Validate names the first field that cannot be used, its value and its bound.
func (o Options) Validate() error {
	if len(o.Brokers) == 0 {
		return errors.New("kafka: Brokers is empty: at least one address is required")
	}
	for n, broker := range o.Brokers {
		if broker == "" {
			return fmt.Errorf("kafka: Brokers[%d] is empty: want host:port", n)
		}
	}
	if o.MetadataMinAge < 0 {
		return fmt.Errorf("kafka: MetadataMinAge %v: must not be negative", o.MetadataMinAge)
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.ClientID == "" {
		o.ClientID = "skald"
	}
	if o.MetadataMinAge == 0 {
		o.MetadataMinAge = DefaultMetadataMinAge
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// NewClient is a client that neither produces nor consumes by itself: for
// administration. It errors only when the options cannot be used; that brokers
// are away shows when the client is used.
func NewClient(o Options) (*kgo.Client, error) { return newClient(o) }

// NewProducer is the relay's client: every in-sync replica acknowledges, writes
// are idempotent, and a record is tried until it is acknowledged or the client
// is closed, so that no row is ever given up. Keys are partitioned as Java
// clients do.
func NewProducer(o Options) (*kgo.Client, error) {
	return newClient(o,
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerLinger(ProducerLinger),
		kgo.MaxBufferedRecords(MaxBuffered),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
	)
}

// NewDeadLetterProducer is the client that writes dead letters. A record goes
// to the partition it came from (modulo what the dead letter topic has), so
// that order is kept. Unlike the relay's, a write ends with its context: its
// outcome is then unknown and the caller writes it again, so that a consumer can
// always stop. There is no delivery timeout: the library counts it from the
// record's timestamp, which a dead letter has from long ago.
func NewDeadLetterProducer(o Options) (*kgo.Client, error) {
	return newClient(o,
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerLinger(0),
		kgo.MaxBufferedRecords(MaxBuffered),
		kgo.ProducerBatchMaxBytes(MaxDeadLetterBytes),
		kgo.AllowIdempotentProduceCancellation(),
		kgo.RecordPartitioner(kgo.BasicConsistentPartitioner(func(string) func(*kgo.Record, int) int {
			return func(r *kgo.Record, n int) int { return int(r.Partition) % n }
		})),
	)
}

// Group is a consumer group's membership.
type Group struct {
	Name   string
	Topics []string
	// Callbacks holds OnPartitionsRevoked and the like.
	Callbacks []kgo.GroupOpt
}

// NewGroupConsumer is a group member that begins, and after lost data resumes,
// at the oldest record: a message is handled twice rather than never. Only
// marked offsets are committed, and a rebalance waits until AllowRebalance.
func NewGroupConsumer(o Options, g Group) (*kgo.Client, error) {
	opts := []kgo.Opt{
		kgo.ConsumerGroup(g.Name),
		kgo.ConsumeTopics(g.Topics...),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.AutoCommitMarks(),
		kgo.AutoCommitInterval(CommitInterval),
		kgo.BlockRebalanceOnPoll(),
		kgo.FetchMaxBytes(MaxFetchBytes),
		kgo.FetchMaxPartitionBytes(MaxFetchPartitionBytes),
		kgo.FetchMaxWait(MaxFetchWait),
		kgo.SessionTimeout(SessionTimeout),
		kgo.RebalanceTimeout(RebalanceTimeout),
	}
	for _, callback := range g.Callbacks {
		opts = append(opts, callback)
	}
	return newClient(o, opts...)
}

func newClient(o Options, opts ...kgo.Opt) (*kgo.Client, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	secure, err := o.Security.options()
	if err != nil {
		return nil, err
	}
	all := []kgo.Opt{
		kgo.SeedBrokers(o.Brokers...),
		kgo.ClientID(o.ClientID),
		kgo.WithLogger(kslog.New(o.Logger)),
		kgo.MetadataMinAge(o.MetadataMinAge),
		kgo.DisableClientMetrics(), // skald has its own; brokers need not be told
	}
	client, err := kgo.NewClient(slices.Concat(all, secure, opts, o.Extra)...)
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	return client, nil
}
