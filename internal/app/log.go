package app

import (
	"context"
	"log/slog"
)

// ofLibraries is what the clients of Kafka and Temporal log to: warnings and
// worse. What they tell below that is about their own affairs, at every start
// and rebalance.
func ofLibraries(logger *slog.Logger) *slog.Logger {
	return slog.New(&atLeast{Handler: logger.Handler(), level: slog.LevelWarn})
}

// atLeast drops records below a level.
type atLeast struct {
	slog.Handler
	level slog.Level
}

// Enabled implements slog.Handler.
func (h *atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (h *atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &atLeast{Handler: h.Handler.WithAttrs(attrs), level: h.level}
}

// WithGroup implements slog.Handler.
func (h *atLeast) WithGroup(name string) slog.Handler {
	return &atLeast{Handler: h.Handler.WithGroup(name), level: h.level}
}
