package embedded

// This test is inside the package because nothing outside can make a healthy
// server call Fatal.

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/server/common/log/tag"
)

func TestAFatalEndsItsGoroutineAndIsReportedOnce(t *testing.T) {
	var reported []string
	server := &Temporal{running: true, onFailure: func(err error) { reported = append(reported, err.Error()) }}
	logger := &serverLog{
		logger: slog.New(slog.DiscardHandler), level: slog.LevelWarn, stopping: server.stopping.Load, fatal: server.failed,
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
