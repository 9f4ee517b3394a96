package app_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
)

// closeBound is how long a stop may take, whatever is away, when no request and
// no activity is under way: intake lets the start of a saga go on for 10 s and
// commits for 5 s, the relay waits 3 s for Kafka.
const closeBound = 20 * time.Second

func TestClosingDuringAnOutageIsBounded(t *testing.T) {
	t.Parallel()
	for _, o := range outages() {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			orders := oneOfEach("unfinished")
			seen := &seen{want: int64(len(orders))}
			w := start(t, app.DevConfig{Seams: app.Seams{Kafka: []kgo.Opt{kgo.WithHooks(seen)}}})
			w.awaitReadiness(t, client.StateReady)
			must(t, o.stop(w.Engine))
			placeAll(t, w.api, orders)
			w.awaitReadiness(t, client.StateDegraded, o.name)
			if o.intake { // then the starts are under way; else the relay is
				eventually(t, time.Minute, "intake has read every order", seen.everything)
			}
			began := time.Now()
			must(t, w.Close())
			took := time.Since(began)
			t.Logf("closing without %s took %s", o.name, took.Round(time.Millisecond))
			if took > closeBound {
				t.Errorf("closing took %s, want at most %s", took, closeBound)
			}
		})
	}
}

// seen counts the records that intake takes from its client.
type seen struct {
	want int64
	got  atomic.Int64
}

func (s *seen) everything(context.Context) bool { return s.got.Load() >= s.want }

// OnFetchRecordUnbuffered implements kgo.HookFetchRecordUnbuffered.
func (s *seen) OnFetchRecordUnbuffered(_ *kgo.Record, polled bool) {
	if polled {
		s.got.Add(1)
	}
}

// A start that must fail says why, and leaves nothing behind.
func TestAStartThatCannotBeSaysWhyAndLeavesTheFolderFree(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{ListenPort: freePort(t)})
	dir, port := t.TempDir(), portOf(t, w.URL())
	_, err := app.StartDev(t.Context(), app.DevConfig{Dir: dir, ListenPort: port, Logger: quiet()})
	var busy *app.PortError
	if !errors.As(err, &busy) || busy.Name != "HTTP" || busy.Port != port {
		t.Errorf("a busy port was answered with %v, want a *PortError for HTTP %d", err, port)
	}
	start(t, app.DevConfig{Dir: dir})
	if _, err := app.StartDev(t.Context(), app.DevConfig{Dir: dir, Logger: quiet()}); !errors.Is(err, app.ErrLocked) {
		t.Errorf("a folder in use was answered with %v, want %v", err, app.ErrLocked)
	}
}
