package app

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"github.com/skald-saga/skald/internal/deadletter"
	"github.com/skald-saga/skald/internal/fault/inject"
	"github.com/skald-saga/skald/internal/feed"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/prune"
	"github.com/skald-saga/skald/workers"
)

// clients are what the parts share. Kafka's connect when they are used;
// Temporal's is there once Temporal has answered.
type clients struct {
	admin    *kgo.Client
	desk     *deadletter.Desk
	feed     *feed.Hub
	relay    *workers.Relay
	pruner   *prune.Pruner // nil where nothing is pruned
	slots    *workers.Slots
	topics   *gate         // open once every topic exists
	temporal *gate         // open once client is there
	client   client.Client // to be read behind temporal
	sagas    atomic.Pointer[workers.Sagas]
	intake   atomic.Pointer[workers.Intake]
	once     sync.Once
}

// dial makes every client. None of them needs its server yet.
func (a *App) dial(context.Context) (err error) {
	c := &clients{topics: newGate("Kafka"), temporal: newGate("Temporal")}
	a.clients = c
	if c.admin, err = kafka.NewClient(a.kafkaOptions("skald-admin")); err != nil {
		return err
	}
	c.desk, err = deadletter.New(deadletter.Options{Kafka: a.kafkaOptions("skald-dead-letters"), Logger: a.config.Logger})
	if err != nil {
		return err
	}
	if c.slots, err = workers.NewSlots(workers.SlotOptions{Limit: a.config.Slots}); err != nil {
		return err
	}
	outbox := newOutbox(a.store)
	relayed := workers.Outbox(outbox)
	if a.faults != nil {
		relayed = inject.Relay(a.faults.engine, outbox)
	}
	if c.feed, err = feed.New(feed.Options{Source: a.store, Wake: outbox.published, Logger: a.config.Logger}); err != nil {
		return err
	}
	c.relay, err = workers.NewRelay(workers.RelayOptions{
		Outbox: relayed, Kafka: a.kafkaOptions("skald-relay", a.faults.records()...), Holder: holder(), Logger: a.config.Logger,
	})
	if err != nil {
		return err
	}
	c.pruner, err = a.pruner()
	return err
}

func (c *clients) close() {
	c.once.Do(func() {
		if c.admin != nil {
			c.admin.Close()
		}
		if c.desk != nil {
			c.desk.Close()
		}
		if c.client != nil { // the part that set it has stopped
			c.client.Close()
		}
	})
}

// awaitTopics opens the topics' gate once Kafka has answered and all are there.
func (a *App) awaitTopics(ctx context.Context) error {
	return a.clients.topics.open(ctx, a.config.Logger, func(ctx context.Context) error {
		return a.config.ensureTopics(ctx, a.clients.admin)
	})
}

func (c Config) ensureTopics(ctx context.Context, admin *kgo.Client) error {
	if err := kafka.Reach(ctx, c.kafkaOptions("skald-admin")); err != nil {
		return err
	}
	return kafka.EnsureTopics(ctx, admin, c.topicOptions())
}

// awaitTemporal opens Temporal's gate once it has answered and knows skald's
// search attributes.
func (a *App) awaitTemporal(ctx context.Context) error {
	return a.clients.temporal.open(ctx, a.config.Logger, func(ctx context.Context) (err error) {
		if a.clients.client == nil {
			if a.clients.client, err = a.dialTemporal(ctx, a.faults != nil); err != nil {
				a.clients.client = nil // not an interface that holds a nil
				return err
			}
		}
		return a.config.ensureAttributes(ctx, a.clients.client)
	})
}

func (c Config) ensureAttributes(ctx context.Context, dialed client.Client) error {
	return c.temporalOptions().Refusal(ctx, workers.EnsureSearchAttributes(ctx, dialed, c.Namespace))
}

func (c Config) dialTemporal(ctx context.Context) (client.Client, error) {
	return workers.Dial(ctx, c.temporalOptions())
}

// dialTemporal is for whoever starts sagas. carry gives each the faults that its
// order brought along.
func (a *App) dialTemporal(ctx context.Context, carry bool) (client.Client, error) {
	options := a.config.temporalOptions()
	if carry {
		options.Interceptors = append(options.Interceptors, inject.Client(a.carriedBy))
	}
	if a.faults != nil {
		options.Connection.DialOptions = []grpc.DialOption{grpc.WithContextDialer(a.faults.temporal.DialAddress)}
	}
	return workers.Dial(ctx, options)
}

// kafkaOptions are the config's, through what breaks connections.
func (a *App) kafkaOptions(clientID string, more ...kgo.Opt) kafka.Options {
	options := a.config.kafkaOptions(clientID)
	options.Extra = slices.Concat(options.Extra, a.faults.dialer(), more)
	return options
}

func (c Config) temporalOptions() workers.DialOptions {
	return workers.DialOptions{
		HostPort: c.Temporal, Namespace: c.Namespace, TLS: c.TemporalTLS, APIKey: c.TemporalAPIKey, Logger: ofLibraries(c.Logger),
	}
}

func (c Config) kafkaOptions(clientID string) kafka.Options {
	return kafka.Options{
		Brokers: c.Kafka, ClientID: clientID, Security: c.KafkaSecurity, Logger: ofLibraries(c.Logger), Extra: c.Seams.Kafka,
	}
}

func (c Config) topicOptions() kafka.TopicOptions {
	return kafka.TopicOptions{
		Partitions:        int32(c.Partitions),  //nolint:gosec // Validate bounds it
		ReplicationFactor: int16(c.Replication), //nolint:gosec // Validate bounds it
	}
}
