package app_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

// awaitReadiness waits until skald says state and, among what is down, names all
// of down. The database is never among it.
func (w *world) awaitReadiness(t *testing.T, state string, down ...string) {
	t.Helper()
	var got []string
	eventually(t, time.Minute, "skald is "+state+" "+strings.Join(down, ", "), func(ctx context.Context) bool {
		answer, err := w.api.Ready(ctx)
		if err != nil || answer.State != state {
			return false
		}
		got = nil
		for name, dependency := range answer.Dependencies {
			if dependency.State == "down" {
				got = append(got, name)
			}
		}
		return !slices.ContainsFunc(down, func(name string) bool { return !slices.Contains(got, name) })
	})
	slices.Sort(got)
	t.Logf("skald is %s; down: %q", state, got)
	if slices.Contains(got, "database") || len(down) == 0 && len(got) > 0 {
		t.Errorf("%q are down, want %q", got, down)
	}
}
