package kafka_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/skald-saga/skald/internal/kafka"
)

// The broker ends the first connection, as one that stops does, and is back
// when it is asked what it wanted; to that it names mechanisms, although it
// wants none.
func TestABrokerThatComesBackWhileItIsAskedHasNotRefused(t *testing.T) {
	t.Parallel()
	back := cluster(t, plainly, kfake.SeedTopics(1, "a"))
	var asked atomic.Bool
	back.ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) {
		back.KeepControl()
		if asked.Load() {
			return nil, nil, false
		}
		return nil, errors.New("it stops"), true
	})
	back.ControlKey(int16(kmsg.SASLHandshake), func(request kmsg.Request) (kmsg.Response, error, bool) {
		back.KeepControl()
		response := request.ResponseKind().(*kmsg.SASLHandshakeResponse) //nolint:forcetypeassert // by its key
		response.SupportedMechanisms = []string{"PLAIN"}
		asked.Store(true)
		return response, nil, true
	})
	if err := kafka.Reach(t.Context(), kafka.Options{Brokers: back.ListenAddrs()}); err != nil {
		t.Errorf("reach: %v", err)
	}
}
