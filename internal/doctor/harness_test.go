package doctor_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/doctor"
	"github.com/skald-saga/skald/internal/kafka"
)

// environment is what an examination sees. A fresh one is without fault; tests
// break one thing each.
type environment struct {
	options  doctor.Options
	database postgresFacts
	kafka    kafkaCluster
	temporal temporal
	away     map[string]error // by dependency: it does not answer
}

type postgresFacts struct {
	server  doctor.Server
	schema  doctor.Schema
	ahead   time.Duration // of this machine's clock
	refused error         // of every write
	orders  []string
	fails   error // of every question
	silent  bool  // no question is answered
	number  int64 // published events
}

type kafkaCluster struct {
	brokers doctor.Brokers
	topics  []doctor.Topic
	groups  map[string]doctor.Group
	written int64
}

type temporal struct {
	version    string
	namespace  doctor.Namespace
	attributes map[string]string
	refused    error
	pollers    doctor.Pollers
	known      int
}

// shortLimit is the limit of questions that are never answered.
const shortLimit = 20 * time.Millisecond

// healthy is a cluster as docs/operations.md wants it.
func healthy() *environment {
	return &environment{
		options: doctor.Options{
			Connections: 32, Bootstrap: "kafka:9092", Address: "temporal:7233", NamespaceName: "skald",
			Settings: "--database URL",
			Groups:   []string{skald.GroupIntake, skald.GroupReplay},
			Access: []kafka.Access{
				{Topic: skald.TopicOrders, Read: true, Write: true},
				{Topic: skald.TopicEvents, Read: true, Write: true},
				{Topic: skald.TopicCompensations, Write: true},
				{Topic: skald.TopicDeadLetters, Read: true},
			},
		},
		database: postgresFacts{
			server: doctor.Server{
				Engine: "postgres", Version: "18.1", Number: 18_00_01, User: "skald", Name: "orders",
				Settings: map[string]string{
					"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "autovacuum": "on",
					"default_transaction_isolation": "read committed", "default_transaction_read_only": "off", "server_encoding": "UTF8",
				},
				Sessions: doctor.Sessions{Max: 300, Reserved: 3, Others: 20, UserLimit: -1, DatabaseLimit: -1},
			},
			schema: doctor.Schema{Name: "orders", Found: 1, Wanted: 1, Usable: true},
			orders: []string{"a", "b"}, number: 100,
		},
		kafka: kafkaCluster{
			brokers: doctor.Brokers{Count: 3, Version: [2]int{4, 1}, Guess: "v4.1", Settings: map[string][]string{
				"auto.create.topics.enable": {"false"}, "offsets.retention.minutes": {"10080"},
				"group.min.session.timeout.ms": {"6000"}, "group.max.session.timeout.ms": {"1800000"},
			}},
			topics:  []doctor.Topic{topic(skald.TopicOrders), topic(skald.TopicEvents), topic(skald.TopicCompensations), deadLetters()},
			groups:  map[string]doctor.Group{skald.GroupIntake: {Name: skald.GroupIntake, Members: 2}, skald.GroupReplay: {Name: skald.GroupReplay}},
			written: 120,
		},
		temporal: temporal{
			version: "1.32.1",
			namespace: doctor.Namespace{
				Name: "skald", State: "registered", Retention: 7 * 24 * time.Hour, Told: true, EagerStart: true, Update: true, BlobLimit: 2 << 20,
			},
			attributes: map[string]string{skald.SearchStatus: "Keyword", skald.SearchFailedStep: "Keyword", skald.SearchCustomer: "Keyword"},
			pollers:    doctor.Pollers{Workflows: 2, Activities: 2}, known: 2,
		},
		away: map[string]error{},
	}
}

func topic(name string) doctor.Topic {
	return doctor.Topic{
		Name: name, Partitions: 6, Replicas: 3, May: []string{"READ", "WRITE"},
		Settings: map[string]string{
			"cleanup.policy": "delete", "retention.ms": "604800000", "retention.bytes": "4294967296", "max.message.bytes": "1048588",
			"min.insync.replicas": "2", "unclean.leader.election.enable": "false", "message.timestamp.before.max.ms": "9223372036854775807",
		},
	}
}

func deadLetters() doctor.Topic {
	letters := topic(skald.TopicDeadLetters)
	letters.Settings["retention.ms"], letters.Settings["max.message.bytes"] = "2592000000", "2097152"
	return letters
}

// set changes a setting of a topic, or of all.
func (e *environment) set(setting, value string, topics ...string) {
	for n, topic := range e.kafka.topics {
		if len(topics) == 0 || topic.Name == topics[0] {
			e.kafka.topics[n].Settings[setting] = value
		}
	}
}

// postgres changes a setting of the server.
func (e *environment) postgres(setting, value string) { e.database.server.Settings[setting] = value }

func (e *environment) examine(t *testing.T) doctor.Report {
	t.Helper()
	o := e.options
	o.Database = func(context.Context) (doctor.Database, error) { return e.database, e.away["database"] }
	o.Kafka = func(context.Context) (doctor.Kafka, error) { return e.kafka, e.away["kafka"] }
	o.Temporal = func(context.Context) (doctor.Temporal, error) { return e.temporal, e.away["temporal"] }
	d, err := doctor.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d.Examine(t.Context())
}

func (d postgresFacts) Server(ctx context.Context) (doctor.Server, error) {
	if d.silent {
		if deadline, bounded := ctx.Deadline(); !bounded || time.Until(deadline) > shortLimit {
			return doctor.Server{}, errors.New("it has more time than the limit")
		}
		<-ctx.Done()
		return doctor.Server{}, ctx.Err()
	}
	server := d.server
	server.Settings = maps.Clone(d.server.Settings)
	return server, d.fails
}

func (d postgresFacts) Clock(context.Context) (time.Time, error)      { return time.Now().Add(d.ahead), nil }
func (d postgresFacts) Schema(context.Context) (doctor.Schema, error) { return d.schema, nil }
func (d postgresFacts) TryWrite(context.Context) error                { return d.refused }
func (d postgresFacts) TryCreate(context.Context) error               { return d.refused }
func (d postgresFacts) Published(context.Context) (int64, error)      { return d.number, nil }
func (d postgresFacts) Driven(context.Context) ([]string, error)      { return d.orders, nil }

func (k kafkaCluster) Brokers(context.Context) (doctor.Brokers, error) { return k.brokers, nil }
func (k kafkaCluster) Topics(context.Context) ([]doctor.Topic, error)  { return k.topics, nil }
func (k kafkaCluster) Written(context.Context) (int64, error)          { return k.written, nil }
func (k kafkaCluster) Group(_ context.Context, name string) (doctor.Group, error) {
	return k.groups[name], nil
}

func (t temporal) Version(context.Context) (string, error)               { return t.version, nil }
func (t temporal) Namespace(context.Context) (doctor.Namespace, error)   { return t.namespace, nil }
func (t temporal) Attributes(context.Context) (map[string]string, error) { return t.attributes, nil }
func (t temporal) TryWrite(context.Context) error                        { return t.refused }
func (t temporal) Pollers(context.Context) (doctor.Pollers, error)       { return t.pollers, nil }
func (t temporal) Knows(context.Context, []string) (int, error)          { return t.known, nil }
