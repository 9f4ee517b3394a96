package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// expectedWarnings are said at every start of an engine of this shape.
var expectedWarnings = []string{
	"HTTP API port has not been set.", // Nexus over HTTP, which skald does not use
}

// serverLog lets the Temporal server log to slog, from a least level on.
type serverLog struct {
	logger *slog.Logger
	level  slog.Leveler
	tags   []tag.Tag
	// stopping makes every line a debug line: services of one process that stop
	// one after the other complain about those that have gone.
	stopping func() bool
	fatal    func(error)
	building *atomic.Bool // the server is being built, on a goroutine of guarded
}

var (
	_ log.Logger     = (*serverLog)(nil)
	_ log.WithLogger = (*serverLog)(nil)
)

func (l *serverLog) Debug(msg string, tags ...tag.Tag)  { l.log(slog.LevelDebug, msg, tags) }
func (l *serverLog) Info(msg string, tags ...tag.Tag)   { l.log(slog.LevelInfo, msg, tags) }
func (l *serverLog) Error(msg string, tags ...tag.Tag)  { l.log(slog.LevelError, msg, tags) }
func (l *serverLog) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

func (l *serverLog) Warn(msg string, tags ...tag.Tag) {
	expected := slices.ContainsFunc(expectedWarnings, func(prefix string) bool {
		return strings.HasPrefix(msg, prefix)
	})
	if expected {
		l.Debug(msg, tags...)
		return
	}
	l.log(slog.LevelWarn, msg, tags)
}

// Panic panics, as its callers count on: they recover from it.
func (l *serverLog) Panic(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic(msg)
}

// Fatal reports the failure and ends the calling goroutine instead of the
// process. It must not return: the server's code after a Fatal uses what it
// has just failed to make, such as a nil listener.
//
// While the server is built, the goroutine is guarded's, and the end is a panic
// that guarded takes: a Goexit inside of a sync.OnceValue, in which the server
// listens, becomes a panic of its own that nobody takes. Afterwards it is a
// Goexit, because a panic on one of the server's goroutines ends the process.
func (l *serverLog) Fatal(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	l.fatal(fmt.Errorf("temporal server: %s%s", msg, reason(tags)))
	if l.building.Load() {
		panic(errAborted)
	}
	runtime.Goexit()
}

// With keeps the tags as they are: most of its loggers never log anything, and
// the value of a tag is costly to compute.
func (l *serverLog) With(tags ...tag.Tag) log.Logger {
	with := *l
	with.tags = append(slices.Clip(l.tags), tags...)
	return &with
}

func (l *serverLog) log(level slog.Level, msg string, tags []tag.Tag) {
	if l.stopping() {
		level = slog.LevelDebug
	}
	if level < l.level.Level() || !l.logger.Enabled(context.Background(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, len(l.tags)+len(tags))
	for _, t := range slices.Concat(l.tags, tags) {
		attrs = append(attrs, slog.Any(t.Key(), t.Value()))
	}
	l.logger.LogAttrs(context.Background(), level, msg, attrs...)
}

func reason(tags []tag.Tag) string {
	for _, t := range tags {
		if t.Key() == "error" {
			return fmt.Sprintf(": %v", t.Value())
		}
	}
	return ""
}
