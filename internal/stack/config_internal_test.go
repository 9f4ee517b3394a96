package stack

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is a stack that was never started, with ports that are easy to tell
// apart.
func sample() *Stack {
	return assemble(Options{
		Dir: "/srv/stack", Namespace: "skald", Logger: slog.New(slog.DiscardHandler),
		Tools: Tools{Java: "/bin/java", Kafka: "/cache/kafka", Temporal: "/cache/server", TemporalSQL: "/cache/sql", Postgres: "/pg/bin"},
	}, ports{
		Kafka: 20001, Controller: 20002, Postgres: 20003,
		Temporal: temporalPorts{
			Frontend: servicePorts{20011, 20012}, History: servicePorts{20021, 20022},
			Matching: servicePorts{20031, 20032}, Worker: servicePorts{20041, 20042},
		},
	}, &folder{path: "/srv/stack"})
}

func TestGoldenConfigurations(t *testing.T) {
	t.Parallel()
	s := sample()
	for name, data := range map[string]any{"kafka.properties": s.Kafka.values, "temporal.yaml": s.Temporal.values} {
		got, err := render(name, data)
		must(t, err)
		golden := filepath.Join("testdata", name)
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
	s := sample()
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

func TestServeArgsAreWhatSkaldServeTakes(t *testing.T) {
	t.Parallel()
	want := []string{
		"serve", "--database", "postgres://skald@127.0.0.1:20003/skald?sslmode=disable", "--kafka", "127.0.0.1:20001",
		"--temporal", "127.0.0.1:20011", "--namespace", "skald",
	}
	if diff := cmp.Diff(want, sample().ServeArgs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
