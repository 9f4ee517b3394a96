package stack_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/stack"
)

func TestOptionsNameWhatIsWrongWithThem(t *testing.T) {
	t.Parallel()
	tools := stack.Tools{Java: "/java", Kafka: "/kafka", Temporal: "/temporal", TemporalSQL: "/sql", Postgres: "/postgres"}
	for _, test := range []struct {
		name    string
		options stack.Options
		want    string
	}{
		{"nothing given", stack.Options{}, `stack: Dir is "", must be an absolute path
stack: Tools.Java is "", must be an absolute path: call Install
stack: Tools.Kafka is "", must be an absolute path: call Install
stack: Tools.Temporal is "", must be an absolute path: call Install
stack: Tools.TemporalSQL is "", must be an absolute path: call Install
stack: Tools.Postgres is "", must be an absolute path: call Install`},
		{
			"a folder that Kafka cannot name",
			stack.Options{Dir: "/a,b", Tools: tools},
			`stack: Dir is "/a,b", must be without comma, backslash and line break: Kafka's configuration cannot hold them`,
		},
		{
			"a token without TLS",
			stack.Options{Dir: "/a", Tools: tools, TemporalTokens: true},
			`stack: TemporalTokens is true, must be false without Secure: a token is not for a connection that anybody can read`,
		},
		{
			"brokers, a folder and a clock that cannot be",
			stack.Options{Dir: "/a", Tools: tools, Brokers: 4, Secure: true, PostgresDir: "b", PostgresClock: true},
			`stack: Brokers is 4, must be 0 to 3
stack: Brokers is 4, must be 1 with Secure
stack: PostgresDir is "b", must be an absolute path
stack: PostgresClock is true, must be false without Tools.FakeTime: install libfaketime`,
		},
		{"ports", stack.Options{Dir: "/a", Tools: tools, Ports: stack.Ports{Kafka: -1, Temporal: 65535, Postgres: 65536}}, `stack: Ports.Kafka is -1, must be 0 to 65535
stack: Ports.Postgres is 65536, must be 0 to 65535`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := stack.Start(t.Context(), test.options)
			if err == nil {
				t.Fatal("Start took them")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestATemporaryFolderCanBeEnteredByPostgresUser(t *testing.T) {
	t.Parallel()
	dir, err := stack.TempDir()
	must(t, err)
	defer func() { must(t, os.Remove(dir)) }()
	info, err := os.Stat(dir)
	must(t, err)
	if got := info.Mode().Perm(); got != 0o711 {
		t.Errorf("its mode is %o, want 711", got)
	}
}
