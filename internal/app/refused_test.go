package app_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/embedded"
)

const (
	kafkaPassword = "canary-0b55"
	nobodysPort   = "127.0.0.1:1" // reserved, and never listened on
)

// A wrong password ends the process with a sentence, and what it had accepted
// goes through once the password is right.
func TestAWrongCredentialEndsSkaldAndLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	engine := startEngine(t, dir)
	guarded := guard(t)
	guarded.refuses.Store(true)
	config := guarded.config(dir, engine)
	running, err := app.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Dev: &app.Dev{App: running, Engine: engine}, api: newClient(t, running.URL())}
	w.receive(t, "LAMP", 10)
	w.place(t, newOrder("early"))
	select {
	case err := <-running.Failed():
		const want = "Kafka at 127.0.0.1:"
		if !errors.Is(err, credential.ErrRefused) || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), kafkaPassword) {
			t.Errorf("it ends with %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
	w.place(t, newOrder("late")) // until it is closed, it accepts
	w.stop(t)
	w = startOn(t, engine, dir, app.Config{})
	for _, id := range []string{"early", "late"} {
		w.await(t, id, skald.StatusConfirmed)
	}
}

// Once Kafka has taken the password, a refusal is an outage: somebody rotated
// it, or the broker lost its users for a moment.
func TestACredentialThatWasRightOnceIsWaitedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	engine := startEngine(t, dir)
	guarded := guard(t)
	running, err := app.Start(t.Context(), guarded.config(dir, engine))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Dev: &app.Dev{App: running, Engine: engine}, api: newClient(t, running.URL())}
	t.Cleanup(func() { w.stop(t) })
	w.receive(t, "LAMP", 10)
	w.awaitReadiness(t, client.StateReady)
	guarded.refuses.Store(true)
	w.awaitReadiness(t, client.StateDegraded, "kafka")
	w.place(t, newOrder("meanwhile"))
	guarded.refuses.Store(false)
	w.await(t, "meanwhile", skald.StatusConfirmed)
	w.awaitReadiness(t, client.StateReady)
	select {
	case err := <-running.Failed():
		t.Errorf("it gave up: %v", err)
	default:
	}
}

// A missing ACL is nothing that a start could know for good: readiness says it,
// and names the topic.
func TestAMissingACLIsNamedByReadiness(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cluster := kafkaWith(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.SeedTopics(1, skald.Topics()...),
		kfake.User("SCRAM-SHA-512", "skald", kafkaPassword, kfake.ACL{
			Resource: kmsg.ACLResourceTypeTopic, Name: "skald.", Pattern: kmsg.ACLResourcePatternTypePrefixed,
			Operation: kmsg.ACLOperationRead, Allow: true,
		}))
	var log sink
	running, err := app.Start(t.Context(), app.Config{
		Listen: "127.0.0.1:0", Database: "sqlite:" + filepath.Join(dir, "skald.db"),
		Kafka: cluster.ListenAddrs(), KafkaSecurity: scram(), Temporal: nobodysPort, Logger: log.logger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Dev: &app.Dev{App: running}, api: newClient(t, running.URL())}
	t.Cleanup(func() { w.stop(t) })
	w.awaitReadiness(t, client.StateDegraded, "kafka", "temporal")
	const want = "topic skald.orders.v1: TOPIC_AUTHORIZATION_FAILED"
	eventually(t, time.Minute, "the log says "+want, func(ctx context.Context) bool {
		_, err := w.api.Ready(ctx)
		return err == nil && strings.Contains(log.String(), want) && strings.Contains(log.String(), "an ACL must allow WRITE")
	})
	if strings.Contains(log.String(), kafkaPassword) {
		t.Error("the password is in the log")
	}
}

// guarded is a Kafka with one user, whom it can turn away as a real broker
// would: in words.
type guarded struct {
	*kfake.Cluster
	refuses atomic.Bool
}

func guard(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{Cluster: kafkaWith(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "skald", kafkaPassword))}
	g.ControlKey(int16(kmsg.SASLAuthenticate), func(request kmsg.Request) (kmsg.Response, error, bool) {
		g.KeepControl()
		if !g.refuses.Load() {
			return nil, nil, false
		}
		response := request.ResponseKind().(*kmsg.SASLAuthenticateResponse) //nolint:forcetypeassert // by its key
		response.ErrorCode, response.ErrorMessage = kerr.SaslAuthenticationFailed.Code, new("invalid credentials")
		return response, nil, true
	})
	for _, key := range []kmsg.Key{kmsg.Metadata, kmsg.Fetch, kmsg.Produce, kmsg.Heartbeat} { // open connections end
		g.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
			g.KeepControl()
			if !g.refuses.Load() {
				return nil, nil, false
			}
			return nil, errors.New("the user is no longer welcome"), true
		})
	}
	return g
}

func (g *guarded) config(dir string, engine *embedded.Engine) app.Config {
	return app.Config{
		Listen: "127.0.0.1:0", Database: "sqlite:" + filepath.Join(dir, "skald.db"), Logger: quiet(),
		Kafka: g.ListenAddrs(), KafkaSecurity: scram(), Temporal: engine.Temporal(), Namespace: engine.Namespace(),
	}
}

func scram() app.KafkaSecurity {
	return app.KafkaSecurity{Mechanism: "scram-sha-512", User: "skald", Password: credential.NewSecret(kafkaPassword)}
}

func kafkaWith(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster
}

// sink is a log that a test reads while it is written.
type sink struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *sink) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write implements io.Writer.
func (s *sink) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
