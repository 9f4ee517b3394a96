package app

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald/internal/deadletter"
	"github.com/skald-saga/skald/internal/feed"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/workers"
)

// clients are what the parts share. Kafka's connect when they are used;
// Temporal's is there once Temporal has answered.
type clients struct {
	admin    *kgo.Client
	desk     *deadletter.Desk
	feed     *feed.Hub
	relay    *workers.Relay
	slots    *workers.Slots
	topics   gate          // open once every topic exists
	temporal gate          // open once client is there
	client   client.Client // to be read behind temporal
	sagas    atomic.Pointer[workers.Sagas]
	intake   atomic.Pointer[workers.Intake]
	once     sync.Once
}

// dial makes every client. None of them needs its server yet.
func (a *App) dial(context.Context) (err error) {
	c := &clients{topics: newGate(), temporal: newGate()}
	a.clients = c
	if c.admin, err = kafka.NewClient(a.config.kafkaOptions("skald-admin")); err != nil {
		return err
	}
	c.desk, err = deadletter.New(deadletter.Options{Kafka: a.config.kafkaOptions("skald-dead-letters"), Logger: a.config.Logger})
	if err != nil {
		return err
	}
	if c.slots, err = workers.NewSlots(workers.SlotOptions{}); err != nil {
		return err
	}
	outbox := newOutbox(a.store)
	if c.feed, err = feed.New(feed.Options{Source: a.store, Wake: outbox.published, Logger: a.config.Logger}); err != nil {
		return err
	}
	c.relay, err = workers.NewRelay(workers.RelayOptions{
		Outbox: outbox, Kafka: a.config.kafkaOptions("skald-relay"), Holder: holder(), Logger: a.config.Logger,
	})
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
	ready := await(ctx, a.config.Logger, "Kafka topics", func(ctx context.Context) error {
		return kafka.EnsureTopics(ctx, a.clients.admin, a.config.topicOptions())
	})
	return a.clients.topics.open(ctx, ready)
}

// awaitTemporal opens Temporal's gate once it has answered and knows skald's
// search attributes.
func (a *App) awaitTemporal(ctx context.Context) error {
	ready := await(ctx, a.config.Logger, "Temporal", func(ctx context.Context) (err error) {
		if a.clients.client == nil {
			if a.clients.client, err = a.config.dialTemporal(ctx); err != nil {
				a.clients.client = nil // not an interface that holds a nil
				return err
			}
		}
		return workers.EnsureSearchAttributes(ctx, a.clients.client, a.config.Namespace)
	})
	return a.clients.temporal.open(ctx, ready)
}

func (c Config) dialTemporal(ctx context.Context) (client.Client, error) {
	return workers.Dial(ctx, workers.DialOptions{HostPort: c.Temporal, Namespace: c.Namespace, Logger: ofLibraries(c.Logger)})
}

func (c Config) kafkaOptions(clientID string) kafka.Options {
	return kafka.Options{Brokers: c.Kafka, ClientID: clientID, Logger: ofLibraries(c.Logger), Extra: c.Seams.Kafka}
}

func (c Config) topicOptions() kafka.TopicOptions {
	return kafka.TopicOptions{
		Partitions:        int32(c.Partitions),  //nolint:gosec // Validate bounds it
		ReplicationFactor: int16(c.Replication), //nolint:gosec // Validate bounds it
	}
}

// gate is closed until a dependency is ready, and then open for good.
type gate chan struct{}

func newGate() gate { return make(gate) }

// open opens the gate if the dependency is ready, and stays until ctx is done,
// because a part that ends early has failed.
func (g gate) open(ctx context.Context, ready bool) error {
	if ready {
		close(g)
	}
	<-ctx.Done()
	return nil
}

// wait reports false when ctx ended before the gate opened.
func (g gate) wait(ctx context.Context) bool {
	select {
	case <-g:
		return true
	case <-ctx.Done():
		return false
	}
}

func (g gate) isOpen() bool {
	select {
	case <-g:
		return true
	default:
		return false
	}
}
