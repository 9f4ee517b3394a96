package stack_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald/internal/stack"
)

// stackVariable turns on the tests that need the stack.
const stackVariable = "SKALD_STACK"

// needStack skips a test that needs the stack when there is to be none.
func needStack(t *testing.T) {
	t.Helper()
	if os.Getenv(stackVariable) == "" {
		t.Skip(stackVariable + " is not set: these tests fetch Kafka, build Temporal's server and skald, and need Java, Maven and Postgres")
	}
}

func install(t *testing.T) stack.Tools {
	t.Helper()
	needStack(t)
	tools, err := stack.Install(t.Context(), "", nil)
	must(t, err)
	return tools
}

// folder is removed at the end of the test, unless it failed: then its logs may
// tell why.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := stack.TempDir()
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("data and logs are left in %s", dir)
			return
		}
		must(t, os.RemoveAll(dir))
	})
	return dir
}

func startStack(t *testing.T) *stack.Stack {
	t.Helper()
	s, err := stack.Start(t.Context(), stack.Options{Tools: install(t), Dir: folder(t)})
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually asks until there is no error any more.
func eventually(t *testing.T, limit time.Duration, ask func() error) {
	t.Helper()
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	deadline := time.Now().Add(limit)
	for {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %v", limit, err)
		}
		<-pause.C
	}
}

func mustBeSilent(t *testing.T, address string) {
	t.Helper()
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err == nil {
		_ = connection.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("%s answers with %v, want a refused connection", address, err)
	}
}

func inDatabase(ctx context.Context, url, statement string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, statement)
	return errors.Join(err, db.Close())
}

func createTopic(ctx context.Context, broker, topic string) error {
	return asKafkaAdmin(broker, func(admin *kadm.Client) error {
		_, err := admin.CreateTopic(ctx, 1, 1, nil, topic)
		return err
	})
}

func asKafkaAdmin(broker string, work func(*kadm.Client) error) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
	if err != nil {
		return err
	}
	defer client.Close()
	return work(kadm.NewClient(client))
}
