package stack

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/stack/authority"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is a stack that was never started, with ports that are easy to tell
// apart.
func sample(secured *security) *Stack { return sampleOf(secured, false) }

func sampleOf(secured *security, tokens bool) *Stack {
	return assemble(sampleOptions(secured, tokens).withDefaults(), samplePorts(), secured, &folder{path: "/srv/stack"})
}

func sampleOptions(secured *security, tokens bool) Options {
	return Options{
		Dir: "/srv/stack", Namespace: "skald", Logger: slog.New(slog.DiscardHandler), Secure: secured != nil, TemporalTokens: tokens,
		Tools: Tools{Java: "/bin/java", Kafka: "/cache/kafka", Temporal: "/cache/server", TemporalSQL: "/cache/sql", Postgres: "/pg/bin"},
	}
}

func samplePorts() ports {
	return ports{
		Kafka: 20001, Controller: 20002, Postgres: 20003, KafkaTLS: 20004,
		Temporal: temporalPorts{
			Frontend: servicePorts{20011, 20012}, History: servicePorts{20021, 20022},
			Matching: servicePorts{20031, 20032}, Worker: servicePorts{20041, 20042}, Internal: servicePorts{20051, 20052},
		},
		Brokers: []int{20005, 20006},
	}
}

// sampleCluster is one with all brokers, and a clock that can be moved.
func sampleCluster() *Stack {
	o := sampleOptions(nil, false)
	o.Brokers, o.PostgresClock, o.PostgresDir, o.Tools.FakeTime = MaxBrokers, true, "/small/postgres", "/lib/faketime.so"
	return assemble(o.withDefaults(), samplePorts(), nil, &folder{path: "/srv/stack"})
}

// sampleSecurity is a security of which no file exists.
func sampleSecurity() *security {
	of := func(name string) authority.Identity {
		base := "/srv/stack/security/" + name
		return authority.Identity{Certificate: base + ".pem", Key: base + ".key", Bundle: base + ".bundle.pem"}
	}
	return &security{
		keys: "/srv/stack/security/keys.json", kafkaPassword: "KAFKASPASSWORD", postgresPassword: "POSTGRESPASSWORD",
		administrator: of("stack"), broker: of("kafka"), postgres: of("postgres"), temporal: of("temporal"),
		Security: Security{
			CA: "/srv/stack/security/ca.pem", Skald: of("skald"), KafkaPassword: "/srv/stack/security/kafka.password",
			TemporalToken: "/srv/stack/security/temporal.token", KafkaToken: "/srv/stack/security/kafka.token", PostgresPassword: "/srv/stack/security/postgres.password",
		},
	}
}

func TestGoldenConfigurations(t *testing.T) {
	t.Parallel()
	open, secured, tokens := sample(nil), sample(sampleSecurity()), sampleOf(sampleSecurity(), true)
	cluster, failing := sampleCluster(), open.Temporal.values
	failing.Faults = 0.02
	for golden, data := range map[string]any{
		"kafka.properties": open.Kafka.values, "temporal.yaml": open.Temporal.values,
		"secured/kafka.properties": secured.Kafka.values, "secured/temporal.yaml": secured.Temporal.values,
		"tokens/temporal.yaml": tokens.Temporal.values, "failing/temporal.yaml": failing,
		"cluster/kafka.properties": cluster.Kafka.values, "cluster/2/kafka.properties": cluster.Brokers[0].values,
		"secured/pg_hba.conf": secured.Postgres.rules(),
	} {
		name := filepath.Base(golden)
		got, err := render(name, data)
		must(t, err)
		golden := filepath.Join("testdata", golden)
		if *update {
			must(t, os.WriteFile(golden, got, 0o600))
		}
		want, err := os.ReadFile(golden)
		must(t, err)
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEveryProgramIsRunOnTheStacksOwnFolderAndPorts(t *testing.T) {
	t.Parallel()
	s := sample(nil)
	java := []string{"-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-Dlog4j2.configurationFile=/srv/stack/kafka/log4j2.properties", "-cp", "/cache/kafka/*"}
	for _, test := range []struct {
		command command
		want    []string
	}{
		{s.Kafka.command, append([]string{"/bin/java"}, append(java, "kafka.Kafka", "/srv/stack/kafka/server.properties")...)},
		{s.Postgres.command, []string{
			"/pg/bin/postgres", "-D", "/srv/stack/postgres/data", "-p", "20003", "-k", "",
			"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300",
		}},
		{s.Postgres.initdb, []string{
			"/pg/bin/initdb", "-D", "/srv/stack/postgres/data", "-U", "skald", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync",
		}},
		{s.Temporal.command, []string{"/cache/server", "--config-file", "/srv/stack/temporal/temporal.yaml", "--allow-no-auth", "start"}},
		{s.Temporal.tool("temporal", "setup-schema", "-v", "0.0"), []string{
			"/cache/sql", "--ep", "127.0.0.1", "-p", "20003", "-u", "skald", "--pl", "postgres12_pgx", "--db", "temporal", "setup-schema", "-v", "0.0",
		}},
	} {
		if diff := cmp.Diff(test.want, append([]string{test.command.path}, test.command.args...)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestEveryProgramOfASecuredStackShowsItsCertificate(t *testing.T) {
	t.Parallel()
	s := sample(sampleSecurity())
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"Kafka", s.Kafka.command.args, []string{"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file:///srv/stack/security/keys.json"}},
		{"initdb", s.Postgres.initdb.args, []string{"-U", "stack", "--auth=reject"}},
		{"Postgres", s.Postgres.command.args, []string{
			"-c", "hba_file=/srv/stack/postgres/pg_hba.conf", "-c", "ssl=on", "-c", "ssl_ca_file=/srv/stack/security/ca.pem",
			"-c", "ssl_cert_file=/srv/stack/postgres/server.pem", "-c", "ssl_key_file=/srv/stack/postgres/server.key",
		}},
		{"Temporal", sampleOf(sampleSecurity(), true).Temporal.command.args, []string{
			"/srv/stack/temporal/temporal.yaml", "start", "--service", "frontend", "--service", "internal-frontend",
			"--service", "history", "--service", "matching", "--service", "worker",
		}},
		{"Temporal's tool", s.Temporal.tool("temporal", "setup-schema").args, []string{
			"-u", "temporal", "--pl", "postgres12_pgx", "--db", "temporal", "--tls", "--tls-ca-file", "/srv/stack/security/ca.pem",
			"--tls-cert-file", "/srv/stack/security/temporal.pem", "--tls-key-file", "/srv/stack/security/temporal.key", "setup-schema",
		}},
	} {
		if !strings.Contains(strings.Join(test.args, "\n"), strings.Join(test.want, "\n")) {
			t.Errorf("%s is run with %q, want %q among it", test.name, test.args, test.want)
		}
	}
}

func TestFurtherBrokersHaveFoldersOfTheirOwnAndSkaldKnowsAllOfThem(t *testing.T) {
	t.Parallel()
	s := sampleCluster()
	if args := s.Brokers[1].command.args; args[len(args)-1] != "/srv/stack/kafka-3/server.properties" || s.Brokers[1].Log() != "/srv/stack/kafka-3.log" {
		t.Errorf("the third broker is run with %q and logs to %s", args, s.Brokers[1].Log())
	}
	if got, want := strings.Join(s.ServeArgs(), " "), "--kafka 127.0.0.1:20001,127.0.0.1:20005,127.0.0.1:20006"; !strings.Contains(got, want) {
		t.Errorf("the arguments are %s, want %s among them", got, want)
	}
}

func TestAPostgresWithAClockOfItsOwnIsRunWithIt(t *testing.T) {
	t.Parallel()
	p := sampleCluster().Postgres
	want := []string{
		"LD_PRELOAD=/lib/faketime.so", "FAKETIME_TIMESTAMP_FILE=/srv/stack/postgres.clock", "FAKETIME_NO_CACHE=1",
		"FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1", "NO_FAKE_STAT=1",
	}
	if diff := cmp.Diff(want, p.command.env); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p.data != "/small/postgres/data" || p.initdb.env != nil {
		t.Errorf("data in %s, initdb with %q", p.data, p.initdb.env)
	}
	if err := sample(nil).Postgres.MoveClock(time.Hour); err == nil {
		t.Error("the machine's clock was moved")
	}
}

func TestNoPasswordIsOnACommandLine(t *testing.T) {
	t.Parallel()
	s := sample(sampleSecurity())
	for _, args := range [][]string{
		s.Kafka.command.args, s.Postgres.initdb.args, s.Postgres.command.args, s.Temporal.command.args, s.Temporal.tool("temporal").args, s.ServeArgs(),
	} {
		if line := strings.Join(args, " "); strings.Contains(line, "PASSWORD") {
			t.Errorf("everybody on this machine can read a password in: %s", line)
		}
	}
}

func TestTheEnvironmentSaysWhatTheArgumentsSay(t *testing.T) {
	t.Parallel()
	s := sample(sampleSecurity())
	var fromArgs []string
	for pair := range slices.Chunk(s.ServeArgs()[1:], 2) {
		name := strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(pair[0], "--"), "-", "_"))
		fromArgs = append(fromArgs, "SKALD_"+name+"="+pair[1])
	}
	want := []string{
		"SKALD_DATABASE=postgres://skald@127.0.0.1:20003/skald?sslmode=verify-full&sslrootcert=%2Fsrv%2Fstack%2Fsecurity%2Fca.pem",
		"SKALD_KAFKA=127.0.0.1:20001", "SKALD_TEMPORAL=127.0.0.1:20011", "SKALD_NAMESPACE=skald",
		"SKALD_DATABASE_PASSWORD_FILE=/srv/stack/security/postgres.password",
		"SKALD_KAFKA_CA=/srv/stack/security/ca.pem", "SKALD_KAFKA_SASL=scram-sha-512", "SKALD_KAFKA_USER=skald",
		"SKALD_KAFKA_PASSWORD_FILE=/srv/stack/security/kafka.password",
		"SKALD_TEMPORAL_CA=/srv/stack/security/ca.pem", "SKALD_TEMPORAL_CERT=/srv/stack/security/skald.pem",
		"SKALD_TEMPORAL_KEY=/srv/stack/security/skald.key",
	}
	if diff := cmp.Diff(want, s.Environment()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, fromArgs); diff != "" {
		t.Errorf("the arguments (-want +got):\n%s", diff)
	}
}

func TestWithTokensThereIsNoCertificateForTemporal(t *testing.T) {
	t.Parallel()
	const token = "--temporal-ca /srv/stack/security/ca.pem --temporal-api-key-file /srv/stack/security/temporal.token"
	if got := strings.Join(sampleOf(sampleSecurity(), true).ServeArgs(), " "); !strings.HasSuffix(got, token) {
		t.Errorf("the arguments are %s, want %s at the end", got, token)
	}
}

func TestServeArgsAreWhatSkaldServeTakes(t *testing.T) {
	t.Parallel()
	want := []string{
		"serve", "--database", "postgres://skald@127.0.0.1:20003/skald?sslmode=disable", "--kafka", "127.0.0.1:20001",
		"--temporal", "127.0.0.1:20011", "--namespace", "skald",
	}
	if diff := cmp.Diff(want, sample(nil).ServeArgs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
