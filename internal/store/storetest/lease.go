package storetest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/database/databasetest"
)

func testLease(t *testing.T, s *shop) {
	acquire := func(holder string, ttl time.Duration) bool {
		t.Helper()
		held, err := s.AcquireLease(t.Context(), holder, ttl)
		must(t, err)
		return held
	}
	equal(t, "a takes it", acquire("a", time.Hour), true)
	equal(t, "b does not", acquire("b", time.Hour), false)
	must(t, s.ReleaseLease(t.Context(), "b"))
	equal(t, "b does not by releasing what it does not hold", acquire("b", time.Hour), false)
	equal(t, "a renews, and shortens", acquire("a", time.Millisecond), true)
	databasetest.Eventually(t, "b takes the lease that ran out", func() bool { return acquire("b", time.Hour) })
	equal(t, "a lost it", acquire("a", time.Hour), false)
	must(t, s.ReleaseLease(t.Context(), "b"))
	equal(t, "a takes what was released", acquire("a", time.Hour), true)
	equal(t, "b takes a lease that ends later than any can: the clock was set back", acquire("b", time.Minute), true)
	must(t, s.ReleaseLease(t.Context(), "b"))
	went := s.interleave(t, lease(s, "a"), lease(s, "b"))
	equal(t, "two at once", []string{went.First, went.Second}, []string{"true", "false"})
}

func lease(s *shop, holder string) call {
	return func(ctx context.Context) string {
		held, err := s.AcquireLease(ctx, holder, time.Hour)
		if err != nil {
			return err.Error()
		}
		return strconv.FormatBool(held)
	}
}
