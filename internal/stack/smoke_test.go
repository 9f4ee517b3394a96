package stack_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/skald-saga/skald/internal/stack"
)

const (
	orders     = 50
	settleTime = 2 * time.Minute // for orders to end, and for skald to find a server again
)

// lifecycle is what every server of the stack can do.
type lifecycle interface {
	Address() string
	PID() int
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Kill() error
	Restart(ctx context.Context) error
}

// One long test, because starting everything costs more than using it: skald
// runs as a process of its own, as in production, and knows only addresses.
func TestSkaldRunsOnTheStackAndOutlivesEveryServersEnd(t *testing.T) {
	s := startStack(t)
	skald := startSkald(t, buildSkald(t), s.ServeArgs())
	for n := range orders {
		skald.place(t, n)
	}
	skald.awaitFinal(t)
	if diff := cmp.Diff(wantStatuses(orders), skald.statuses(t)); diff != "" {
		t.Fatalf("the orders ended otherwise (-want +got):\n%s", diff)
	}
	for _, test := range []struct {
		name         string
		server       lifecycle
		acceptsOrder bool // while the server is down
	}{
		{"Kafka", s.Kafka, true},
		{"Temporal", s.Temporal, true},
		{"Postgres", s.Postgres, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := look(t, s, skald)
			address := test.server.Address()

			must(t, test.server.Stop(t.Context()))
			mustBeSilent(t, address)
			if test.acceptsOrder {
				skald.place(t, skald.next())
			}
			must(t, test.server.Start(t.Context()))
			must(t, test.server.Kill())
			mustBeSilent(t, address)
			must(t, test.server.Start(t.Context()))
			must(t, test.server.Restart(t.Context()))

			if got := test.server.Address(); got != address {
				t.Errorf("it came back at %s, was at %s", got, address)
			}
			eventually(t, settleTime, func() error { return skald.ready(t.Context()) })
			skald.place(t, skald.next())
			skald.awaitFinal(t)
			look(t, s, skald).mustHold(t, before)
		})
	}
	if diff := cmp.Diff(wantStatuses(skald.next()), skald.statuses(t)); diff != "" {
		t.Errorf("the orders ended otherwise (-want +got):\n%s", diff)
	}
	skald.stop(t)
}

func TestAFolderIsUsedAgainWithItsData(t *testing.T) {
	tools, dir := install(t), folder(t)
	first, err := stack.Start(t.Context(), stack.Options{Dir: dir, Tools: tools})
	must(t, err)
	must(t, inDatabase(t.Context(), first.Postgres.URL(), "CREATE TABLE kept (number int)"))
	must(t, createTopic(t.Context(), first.Kafka.Address(), "kept"))
	_, err = stack.Start(t.Context(), stack.Options{Dir: dir, Tools: tools})
	if got, want := fmt.Sprint(err), dir+": "+stack.ErrInUse.Error(); got != want {
		t.Errorf("a second stack in the folder: %s, want %s", got, want)
	}
	must(t, first.Close())
	must(t, first.Close())

	second, err := stack.Start(t.Context(), stack.Options{Dir: dir, Tools: tools})
	must(t, err)
	if diff := cmp.Diff(first.ServeArgs(), second.ServeArgs()); diff != "" {
		t.Errorf("its addresses changed (-first +second):\n%s", diff)
	}
	must(t, inDatabase(t.Context(), second.Postgres.URL(), "INSERT INTO kept VALUES (1)"))
	if err := createTopic(t.Context(), second.Kafka.Address(), "kept"); !errors.Is(err, kerr.TopicAlreadyExists) {
		t.Errorf("creating the topic again: %v, want %v", err, kerr.TopicAlreadyExists)
	}
	must(t, second.Close())
}

// A key that the server does not know, or a value of another type, would be
// ignored without a word.
func TestTemporalUnderstandsItsDynamicConfiguration(t *testing.T) {
	const file = "config/temporal-dynamic.yaml"
	said, err := exec.CommandContext(t.Context(), install(t).Temporal, "validate-dynamic-config", file).CombinedOutput()
	if err != nil || string(said) != file+"\n" {
		t.Errorf("(%v) it says:\n%s", err, said)
	}
}
