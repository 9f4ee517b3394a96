package doctor_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/doctor"
)

// complaint is a finding that is not ok, without what is for people alone.
type complaint struct {
	Of, Check string
	State     doctor.State
	Mend      string // the first thing to do
}

func complaintsOf(r doctor.Report) []complaint {
	var complaints []complaint
	for _, f := range r.Findings {
		if f.State != doctor.OK {
			complaints = append(complaints, complaint{f.Of, f.Check, f.State, ""})
			if len(f.Mend) > 0 {
				complaints[len(complaints)-1].Mend = f.Mend[0]
			}
		}
	}
	return complaints
}

func TestEachFaultIsFoundAndSaysHowToMendIt(t *testing.T) {
	t.Parallel()
	alter := func(setting, topic string) string {
		return "kafka-configs.sh --bootstrap-server kafka:9092 --alter --entity-type topics --entity-name " + topic + " --add-config " + setting
	}
	role := func(setting string) string {
		return `ALTER ROLE "skald" IN DATABASE "orders" SET ` + setting + ";"
	}
	for name, test := range map[string]struct {
		fault func(*environment)
		want  []complaint
	}{
		"none": {func(*environment) {}, nil},

		"an old server":      {func(e *environment) { e.database.server.Number = 11_00_00 }, []complaint{{"database", "version", doctor.Fail, "upgrade the server"}}},
		"an untested server": {func(e *environment) { e.database.server.Number = 14_00_05 }, []complaint{{"database", "version", doctor.Warn, "upgrade the server when you can"}}},
		"a replica": {func(e *environment) { e.database.server.Replica = true }, []complaint{{
			"database", "primary", doctor.Fail,
			"give the primary's address with --database; several addresses in one URL with target_session_attrs=read-write find it by themselves",
		}}},
		"a user that only reads": {
			func(e *environment) { e.postgres("default_transaction_read_only", "on") },
			[]complaint{{"database", "primary", doctor.Fail, role("default_transaction_read_only = off")}},
		},
		"no fsync": {
			func(e *environment) { e.postgres("fsync", "off") },
			[]complaint{{"database", "durability", doctor.Fail, "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();"}},
		},
		"no full pages": {
			func(e *environment) { e.postgres("full_page_writes", "off") },
			[]complaint{{"database", "durability", doctor.Fail, "ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf();"}},
		},
		"asynchronous commits": {
			func(e *environment) { e.postgres("synchronous_commit", "off") },
			[]complaint{{"database", "durability", doctor.Fail, role("synchronous_commit = on")}},
		},
		"commits that do not wait for the standby": {func(e *environment) {
			e.postgres("synchronous_commit", "local")
			e.postgres("synchronous_standby_names", "two")
		}, []complaint{{"database", "durability", doctor.Warn, role("synchronous_commit = on")}}},
		"strict isolation": {
			func(e *environment) { e.postgres("default_transaction_isolation", "serializable") },
			[]complaint{{"database", "isolation", doctor.Warn, role("default_transaction_isolation = 'read committed'")}},
		},
		"another encoding": {func(e *environment) { e.postgres("server_encoding", "SQL_ASCII") }, []complaint{{
			"database", "encoding", doctor.Fail,
			"CREATE DATABASE orders_utf8 TEMPLATE template0 ENCODING 'UTF8'; then move the data with pg_dump and psql",
		}}},
		"no autovacuum": {
			func(e *environment) { e.postgres("autovacuum", "off") },
			[]complaint{{"database", "autovacuum", doctor.Warn, "ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf();"}},
		},
		"room for some processes": {
			func(e *environment) { e.database.server.Sessions.Max = 100 },
			[]complaint{{"database", "connections", doctor.Warn, "ALTER SYSTEM SET max_connections = 215; then restart the server"}},
		},
		"room for one connection too few": {
			func(e *environment) { e.database.server.Sessions.Max = 214 },
			[]complaint{{"database", "connections", doctor.Warn, "ALTER SYSTEM SET max_connections = 215; then restart the server"}},
		},
		"just enough room": {func(e *environment) { e.database.server.Sessions.Max = 215 }, nil},
		"room for no process": {
			func(e *environment) { e.database.server.Sessions.UserLimit = 31 },
			[]complaint{{"database", "connections", doctor.Fail, `ALTER ROLE "skald" CONNECTION LIMIT 192;`}},
		},
		"a bounded database": {
			func(e *environment) { e.database.server.Sessions.DatabaseLimit = 191 },
			[]complaint{{"database", "connections", doctor.Warn, `ALTER DATABASE "orders" CONNECTION LIMIT 212;`}},
		},
		"no tables": {func(e *environment) { e.database.schema.Found = 0 }, []complaint{
			{"database", "schema", doctor.Fail, "skald setup --database URL"},
			{"together", "database and Kafka", doctor.Skipped, ""},
			{"together", "database and Temporal", doctor.Skipped, ""},
		}},
		"old tables that this user may not change": {func(e *environment) {
			e.database.schema.Wanted, e.database.refused = 2, errors.New("permission denied")
		}, []complaint{
			{"database", "schema", doctor.Fail, "skald migrate up --database URL"},
			{"database", "writes", doctor.Fail, "GRANT CREATE ON SCHEMA public TO the user in --database, or run skald migrate up as a user that has the right"},
		}},
		"newer tables": {func(e *environment) { e.database.schema.Found = 2 }, nil},
		"tables that are too new": {func(e *environment) { e.database.schema.Usable = false }, []complaint{
			{"database", "schema", doctor.Fail, "run the newer skald, or restore the backup of before the upgrade"}, {"database", "writes", doctor.Skipped, ""},
		}},
		"a user that may not write": {func(e *environment) { e.database.refused = errors.New("permission denied") }, []complaint{{
			"database", "writes", doctor.Fail,
			"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO the user in --database, or let that user own the tables",
		}}},
		"a clock that is off":     {func(e *environment) { e.database.ahead = -10 * time.Second }, []complaint{{"database", "clock", doctor.Warn, clocks}}},
		"a clock that is far off": {func(e *environment) { e.database.ahead = time.Minute }, []complaint{{"database", "clock", doctor.Fail, clocks}}},

		"an old broker":      {func(e *environment) { e.kafka.brokers.Version = [2]int{0, 10} }, []complaint{{"kafka", "version", doctor.Fail, "upgrade the brokers"}}},
		"an untested broker": {func(e *environment) { e.kafka.brokers.Version = [2]int{3, 9} }, []complaint{{"kafka", "version", doctor.Warn, "upgrade the brokers when you can"}}},
		"two brokers": {
			func(e *environment) { e.kafka.brokers.Count = 2 },
			[]complaint{{"kafka", "brokers", doctor.Warn, "add brokers; then give the topics three replicas"}},
		},
		"topics that make themselves on one broker": {func(e *environment) {
			e.kafka.brokers.Settings["auto.create.topics.enable"] = []string{"false", "true"}
		}, []complaint{{
			"kafka", "auto-created topics", doctor.Warn,
			"set auto.create.topics.enable=false in the configuration of every broker, and restart them one after the other",
		}}},
		"positions that are soon forgotten": {
			func(e *environment) { e.kafka.brokers.Settings["offsets.retention.minutes"] = []string{"10080", "60"} },
			[]complaint{{
				"kafka", "offset retention", doctor.Warn,
				"kafka-configs.sh --bootstrap-server kafka:9092 --alter --entity-type brokers --entity-default --add-config offsets.retention.minutes=10080",
			}},
		},
		"sessions that must be longer": {
			func(e *environment) { e.kafka.brokers.Settings["group.min.session.timeout.ms"] = []string{"15001"} },
			[]complaint{{
				"kafka", "group sessions", doctor.Fail,
				"set group.min.session.timeout.ms=6000, which is the default, in the configuration of every broker, and restart them one after the other",
			}},
		},
		"sessions that must be shorter": {
			func(e *environment) { e.kafka.brokers.Settings["group.max.session.timeout.ms"] = []string{"14999"} },
			[]complaint{{
				"kafka", "group sessions", doctor.Fail,
				"set group.max.session.timeout.ms=1800000, which is the default, in the configuration of every broker, and restart them one after the other",
			}},
		},
		"brokers that keep their settings to themselves": {
			func(e *environment) { e.kafka.brokers.Settings, e.kafka.brokers.Denied = nil, true },
			[]complaint{{"kafka", "broker settings", doctor.Skipped, ""}},
		},
		"a missing topic": {
			func(e *environment) { e.kafka.topics[1] = doctor.Topic{Name: skald.TopicEvents, Missing: true} },
			[]complaint{{"kafka", "topics", doctor.Fail, "skald setup --database URL"}},
		},
		"a hidden topic": {
			func(e *environment) { e.kafka.topics[1] = doctor.Topic{Name: skald.TopicEvents, Hidden: true} },
			[]complaint{{"kafka", "topics", doctor.Fail, "kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:NAME --operation Describe --topic skald.events.v1"}},
		},
		"topics that are not alike": {func(e *environment) { e.kafka.topics[2].Partitions = 12 }, []complaint{{
			"kafka", "partitions", doctor.Warn,
			"a topic's number only grows, and growing moves keys: stop whoever writes, let all be read, then kafka-topics.sh --bootstrap-server kafka:9092 --alter --topic NAME --partitions N",
		}}},
		"fewer dead letter partitions": {func(e *environment) { e.kafka.topics[3].Partitions = 1 }, nil},
		"a setting that topics do not have": {
			func(e *environment) { e.options.Partitions = 12 },
			[]complaint{{"kafka", "partitions", doctor.Warn, "leave --partitions as the topics are; docs/operations.md says how to have more"}},
		},
		"a topic with two replicas": {
			func(e *environment) {
				e.kafka.topics[0].Replicas = 2
				e.set("min.insync.replicas", "1", skald.TopicOrders)
			},
			[]complaint{{
				"kafka", "replicas", doctor.Warn,
				"kafka-reassign-partitions.sh --bootstrap-server kafka:9092 gives the partitions of skald.orders.v1 three replicas",
			}},
		},
		"a partition without leader": {
			func(e *environment) { e.kafka.topics[0].Leaderless = 1 },
			[]complaint{{"kafka", "partition leaders", doctor.Fail, "bring back the brokers that hold their replicas"}},
		},
		"a replica that is behind": {
			func(e *environment) { e.kafka.topics[0].Behind = 1 },
			[]complaint{{"kafka", "partition leaders", doctor.Warn, "bring back the brokers that hold their replicas"}},
		},
		"one copy counts": {
			func(e *environment) { e.set("min.insync.replicas", "1", skald.TopicEvents) },
			[]complaint{{"kafka", "min.insync.replicas", doctor.Fail, alter("min.insync.replicas=2", skald.TopicEvents)}},
		},
		"every copy counts": {
			func(e *environment) { e.set("min.insync.replicas", "3", skald.TopicEvents) },
			[]complaint{{"kafka", "min.insync.replicas", doctor.Warn, "give the topics one replica more, or min.insync.replicas one less, at least 2"}},
		},
		"compaction": {
			func(e *environment) { e.set("cleanup.policy", "compact,delete", skald.TopicOrders) },
			[]complaint{{"kafka", "cleanup.policy", doctor.Fail, alter("cleanup.policy=delete", skald.TopicOrders)}},
		},
		"a short retention": {
			func(e *environment) { e.set("retention.ms", "86400000", skald.TopicOrders) },
			[]complaint{{"kafka", "retention.ms", doctor.Warn, alter("retention.ms=604800000", skald.TopicOrders)}},
		},
		"a very short retention": {func(e *environment) {
			e.set("retention.ms", "60000", skald.TopicOrders)
			e.set("retention.ms", "86400000", skald.TopicDeadLetters)
		}, []complaint{{"kafka", "retention.ms", doctor.Fail, alter("retention.ms=604800000", skald.TopicOrders)}}},
		"little room": {
			func(e *environment) { e.set("retention.bytes", "1048576", skald.TopicDeadLetters) },
			[]complaint{{"kafka", "retention.bytes", doctor.Warn, alter("retention.bytes=4294967296", skald.TopicDeadLetters)}},
		},
		"room without end": {func(e *environment) { e.set("retention.bytes", "-1") }, nil},
		"batches that do not fit": {
			func(e *environment) { e.set("max.message.bytes", "524288", skald.TopicEvents) },
			[]complaint{{"kafka", "max.message.bytes", doctor.Fail, alter("max.message.bytes=1048576", skald.TopicEvents)}},
		},
		"dead letters that do not fit": {
			func(e *environment) { e.set("max.message.bytes", "1048588", skald.TopicDeadLetters) },
			[]complaint{{"kafka", "max.message.bytes", doctor.Fail, alter("max.message.bytes=2097152", skald.TopicDeadLetters)}},
		},
		"messages that fit into no dead letter": {
			func(e *environment) { e.set("max.message.bytes", "2097152", skald.TopicOrders) },
			[]complaint{{"kafka", "max.message.bytes", doctor.Warn, alter("max.message.bytes=1048576", skald.TopicOrders)}},
		},
		"unclean elections": {
			func(e *environment) { e.set("unclean.leader.election.enable", "true", skald.TopicOrders) },
			[]complaint{{"kafka", "unclean.leader.election.enable", doctor.Fail, alter("unclean.leader.election.enable=false", skald.TopicOrders)}},
		},
		"old times refused": {
			func(e *environment) { e.set("message.timestamp.before.max.ms", "3600000", skald.TopicDeadLetters) },
			[]complaint{{"kafka", "message.timestamp.before.max.ms", doctor.Warn, alter("message.timestamp.before.max.ms=9223372036854775807", skald.TopicDeadLetters)}},
		},
		"a right that lacks": {
			func(e *environment) { e.kafka.topics[1].May = []string{"READ", "DESCRIBE"} },
			[]complaint{{"kafka", "topic rights", doctor.Fail, "kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:NAME --operation Write --topic skald.events.v1"}},
		},
		"a right that lacks where nobody reads": {
			func(e *environment) { e.kafka.topics[2].May = []string{"READ"} },
			[]complaint{{"kafka", "topic rights", doctor.Fail, "kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:NAME --operation Write --topic skald.compensations.v1"}},
		},
		"rights that nobody tells": {func(e *environment) { e.kafka.topics[1].MayUnknown = true }, []complaint{{"kafka", "topic rights", doctor.Skipped, ""}}},
		"a group that is not ours": {
			func(e *environment) {
				e.kafka.groups[skald.GroupIntake] = doctor.Group{Name: skald.GroupIntake, Refused: true}
			},
			[]complaint{{"kafka", "group rights", doctor.Fail, "kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:NAME --operation Read --group skald-intake"}},
		},
		"no groups yet": {func(e *environment) {
			e.kafka.groups[skald.GroupIntake] = doctor.Group{Name: skald.GroupIntake, Unused: true}
		}, nil},
		"orders that were deleted unread": {
			func(e *environment) {
				e.kafka.groups[skald.GroupIntake] = doctor.Group{Name: skald.GroupIntake, Lost: 3}
			},
			[]complaint{{
				"kafka", "intake", doctor.Fail,
				"skald audit --repair starts the sagas of orders that skald has; senders must send theirs again; give retention.ms more room",
			}},
		},

		"an old Temporal":      {func(e *environment) { e.temporal.version = "1.24.2" }, []complaint{{"temporal", "version", doctor.Fail, "upgrade the server to 1.32"}}},
		"an untested Temporal": {func(e *environment) { e.temporal.version = "1.31.0" }, []complaint{{"temporal", "version", doctor.Warn, "upgrade the server when you can"}}},
		"no namespace": {func(e *environment) { e.temporal.namespace = doctor.Namespace{Name: "skald", Missing: true} }, []complaint{
			{"temporal", "namespace", doctor.Fail, "skald setup --database URL"},
			{"together", "retention", doctor.Skipped, ""},
			{"together", "database and Temporal", doctor.Skipped, ""},
		}},
		"a deleted namespace": {
			func(e *environment) { e.temporal.namespace.State = "deleted" },
			[]complaint{{"temporal", "namespace", doctor.Fail, "use another namespace: --namespace NAME; skald setup makes it"}},
		},
		"a namespace that forgets": {func(e *environment) { e.temporal.namespace.Retention = time.Hour }, []complaint{
			{"temporal", "namespace retention", doctor.Warn, "temporal operator namespace update --address temporal:7233 --namespace skald --retention 168h"},
			{"together", "retention", doctor.Warn, "temporal operator namespace update --address temporal:7233 --namespace skald --retention 168h"},
			{"together", "database and Temporal", doctor.Skipped, ""},
		}},
		"orders that outlive sagas": {
			func(e *environment) { e.set("retention.ms", "2592000000", skald.TopicOrders) },
			[]complaint{{"together", "retention", doctor.Warn, "temporal operator namespace update --address temporal:7233 --namespace skald --retention 720h"}},
		},
		"details that go before their messages": {
			func(e *environment) {
				e.options.Keep = 8 * 24 * time.Hour
				e.set("retention.ms", "691200000", skald.TopicEvents)
			},
			[]complaint{{"together", "keep", doctor.Warn, "give --keep more than all of these, or topics and namespace less"}},
		},
		"details that go before their sagas": {
			func(e *environment) {
				e.options.Keep, e.temporal.namespace.Retention = 8*24*time.Hour, 8*24*time.Hour
			},
			[]complaint{{"together", "keep", doctor.Warn, "give --keep more than all of these, or topics and namespace less"}},
		},
		"details that outlive both": {func(e *environment) { e.options.Keep = 8 * 24 * time.Hour }, nil},
		"no updates": {
			func(e *environment) { e.temporal.namespace.Update = false },
			[]complaint{{"temporal", "abilities", doctor.Warn, "set frontend.enableUpdateWorkflowExecution to true in the server's dynamic configuration"}},
		},
		"no eager start": {
			func(e *environment) { e.temporal.namespace.EagerStart = false },
			[]complaint{{"temporal", "abilities", doctor.Warn, "set system.enableEagerWorkflowStart to true in the server's dynamic configuration"}},
		},
		"small payloads": {
			func(e *environment) { e.temporal.namespace.BlobLimit = 100_000 },
			[]complaint{{"temporal", "payload limit", doctor.Fail, "set limit.blobSize.error to 2097152, which is the default, in the server's dynamic configuration"}},
		},
		"a missing attribute": {
			func(e *environment) { delete(e.temporal.attributes, skald.SearchStatus) },
			[]complaint{{"temporal", "search attributes", doctor.Fail, "skald setup --database URL"}},
		},
		"an attribute of another type": {
			func(e *environment) { e.temporal.attributes[skald.SearchStatus] = "Text" },
			[]complaint{{
				"temporal", "search attributes", doctor.Fail,
				"use another namespace, or remove the attribute (temporal operator search-attribute remove) and run skald setup --database URL",
			}},
		},
		"a certificate that may only read": {
			func(e *environment) { e.temporal.refused = errors.New("Request unauthorized") },
			[]complaint{{"temporal", "rights", doctor.Fail, "give the certificate or API key of skald the role of a writer in the namespace"}},
		},
		"no workers": {func(e *environment) { e.temporal.pollers = doctor.Pollers{} }, nil},

		"another Kafka": {func(e *environment) { e.kafka.written = 99 }, []complaint{{
			"together", "database and Kafka", doctor.Fail,
			"give the addresses that belong together; when the topics are new, skald audit --repair publishes again what is missing",
		}}},
		"another Temporal": {func(e *environment) { e.temporal.known = 0 }, []complaint{{
			"together", "database and Temporal", doctor.Fail,
			"give the addresses that belong together; when Temporal was restored or made anew, skald audit --repair starts the open sagas again",
		}}},
		"no orders":        {func(e *environment) { e.temporal.known, e.database.orders = 0, nil }, nil},
		"another database": {func(e *environment) { e.database.number, e.kafka.written = 0, 0 }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := healthy()
			test.fault(e)
			report := e.examine(t)
			if diff := cmp.Diff(test.want, complaintsOf(report)); diff != "" {
				t.Errorf("complaints (-want +got):\n%s", diff)
			}
			for _, f := range report.Findings {
				if f.Found == "" || (f.State == doctor.Warn || f.State == doctor.Fail) && f.Why == "" {
					t.Errorf("%s/%s says too little: %+v", f.Of, f.Check, f)
				}
			}
		})
	}
}

const clocks = "synchronise both clocks (NTP): chronyc tracking, or timedatectl timesync-status, says how far each is off"
