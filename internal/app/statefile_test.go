package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"
)

// stateFile is the store of another process, seen from here: read-only, and
// also when that process is dead.
type stateFile struct{ db *sql.DB }

func openStateFile(t *testing.T, path string) *stateFile {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close %s: %v", path, err)
		}
	})
	return &stateFile{db: db}
}

// progress is how far orders have come.
type progress struct {
	waiting   int // no step was done
	forward   int // some steps were done, and not all
	backward  int // something is being undone
	undecided int // a provider was asked, and its answer is not recorded
	final     int
}

// halfDone is how many sagas hold some of their effects and not all.
func (p progress) halfDone() int { return p.forward + p.backward }

func (p progress) String() string {
	return fmt.Sprintf("%d sagas half done (%d on their way forward, %d undoing; %d wait for a provider), %d final, %d not begun",
		p.halfDone(), p.forward, p.backward, p.undecided, p.final, p.waiting)
}

const lookText = `
	WITH done AS (SELECT order_id FROM effects WHERE side = 'do' AND outcome = 'ok' GROUP BY order_id)
	SELECT count(*) FILTER (WHERE status IN ('accepted', 'processing') AND done.order_id IS NULL),
	       count(*) FILTER (WHERE status = 'processing' AND done.order_id IS NOT NULL),
	       count(*) FILTER (WHERE status = 'compensating' AND done.order_id IS NOT NULL),
	       count(*) FILTER (WHERE status = 'processing' AND (payments.result = '' OR shipments.result = '')),
	       count(*) FILTER (WHERE status IN ('confirmed', 'rejected', 'failed', 'cancelled'))
	FROM orders LEFT JOIN done ON done.order_id = orders.id
	LEFT JOIN payments ON payments.order_id = orders.id
	LEFT JOIN shipments ON shipments.order_id = orders.id`

func (s *stateFile) read(ctx context.Context) (p progress, err error) {
	err = s.db.QueryRowContext(ctx, lookText).Scan(&p.waiting, &p.forward, &p.backward, &p.undecided, &p.final)
	return p, err
}

func (s *stateFile) look(t *testing.T) progress {
	t.Helper()
	p, err := s.read(t.Context())
	if err != nil {
		t.Fatalf("read the child's store: %v", err)
	}
	return p
}

// awaitHalfDone waits for the moment to kill, when at least so many orders are
// final.
func (s *stateFile) awaitHalfDone(t *testing.T, final int) {
	t.Helper()
	what := fmt.Sprintf("%d sagas are half done, %d of them undoing, and %d orders final", killAt, killUndoing, final)
	eventually(t, time.Minute, what, func(ctx context.Context) bool {
		p, err := s.read(ctx)
		return err == nil && p.halfDone() >= killAt && p.backward >= killUndoing && p.final >= final
	})
}

// count is the number that text selects.
func (s *stateFile) count(ctx context.Context, text string) (count int, err error) {
	err = s.db.QueryRowContext(ctx, text).Scan(&count)
	return count, err
}

func (s *stateFile) awaitCount(t *testing.T, what string, want int, text string) {
	t.Helper()
	eventually(t, time.Minute, what, func(ctx context.Context) bool {
		got, err := s.count(ctx, text)
		return err == nil && got == want
	})
}

func (s *stateFile) wantCount(t *testing.T, what string, want int, text string) {
	t.Helper()
	got, err := s.count(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}
