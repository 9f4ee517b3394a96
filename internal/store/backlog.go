package store

import (
	"context"
	"time"
)

// Backlog is what waits in the database for somebody to carry it on.
type Backlog struct {
	Unpublished int64         // events that no relay has marked; MaxBacklog when there are more
	Oldest      time.Duration // the age of the first of them, by the database's clock; 0 without one
	Incidents   int64         // undos that wait for a person's decision
}

// MaxBacklog is how far unpublished events are counted, so that looking at a
// backlog does not become slower the longer it is.
const MaxBacklog = 100_000

var (
	countUnpublished = sqlText("count unpublished events", `
		SELECT count(*) FROM (SELECT position FROM events WHERE published_at IS NULL LIMIT $1) AS unpublished`)
	oldestUnpublished = sqlText("oldest unpublished event", `
		SELECT {{now}} - occurred_at FROM events WHERE published_at IS NULL ORDER BY position LIMIT 1`)
	countIncidents = sqlText("count all open incidents", `SELECT count(*) FROM incidents WHERE open = 1`)
)

// Backlog counts what waits now. It is cheap: for metrics.
func (s *Store) Backlog(ctx context.Context) (Backlog, error) {
	var b Backlog
	var age int64
	if _, err := s.scan(ctx, countUnpublished, []any{&b.Unpublished}, MaxBacklog); err != nil {
		return Backlog{}, err
	}
	if _, err := s.scan(ctx, oldestUnpublished, []any{&age}); err != nil {
		return Backlog{}, err
	}
	// The event's time may be a moment ahead: an order's times follow its sequence.
	b.Oldest = max(0, time.Duration(age)*time.Microsecond)
	_, err := s.scan(ctx, countIncidents, []any{&b.Incidents})
	return b, err
}
