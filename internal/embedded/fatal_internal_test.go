package embedded

// This test is inside the package because nothing outside can make a healthy
// server call Fatal.

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/server/common/log/tag"
)

func TestAFatalEndsItsGoroutineAndIsReportedOnce(t *testing.T) {
	var reported []string
	server := &Temporal{running: true, onFailure: func(err error) { reported = append(reported, err.Error()) }}
	logger := &serverLog{
		logger: slog.New(slog.DiscardHandler), level: slog.LevelWarn, stopping: server.stopping.Load, fatal: server.failed, building: new(atomic.Bool),
	}

	for range 2 {
		err := guarded(func() error {
			logger.With(tag.NewStringTag("service", "history")).Warn("still here")
			logger.Fatal("Failed to serve", tag.Error(errors.New("socket gone")))
			t.Error("Fatal returned")
			return nil
		})
		if !errors.Is(err, errAborted) {
			t.Errorf("guarded = %v, want errAborted", err)
		}
	}

	if diff := cmp.Diff([]string{"temporal server: Failed to serve: socket gone"}, reported); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

func TestAFatalWhileStoppingIsNotNews(t *testing.T) {
	server := &Temporal{running: true, onFailure: func(err error) { t.Errorf("reported %v", err) }}
	server.stopping.Store(true)
	server.failed(errors.New("listener closed"))
}

// The server listens inside of a sync.OnceValue while it is built. What a Fatal
// there does must end as an error of the start, not as a panic of the process.
func TestAFatalInsideOfAOnceWhileBuildingIsAnError(t *testing.T) {
	var building atomic.Bool
	building.Store(true)
	logger := &serverLog{
		logger: slog.New(slog.DiscardHandler), level: slog.LevelWarn, stopping: func() bool { return false },
		fatal: func(error) {}, building: &building,
	}
	listen := sync.OnceValue(func() int {
		logger.Fatal("failed to listen", tag.Error(errors.New("address already in use")))
		return 0
	})
	err := guarded(func() error {
		listen()
		t.Error("the listener was made")
		return nil
	})
	if !errors.Is(err, errAborted) {
		t.Errorf("guarded = %v, want errAborted", err)
	}
}
