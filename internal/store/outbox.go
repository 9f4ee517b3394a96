package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/skald-saga/skald"
)

var insertEvent = sqlText("insert event", `
	INSERT INTO events (id, subject, sequence, kind, topics, causation_id, trace_parent, data, fault, fault_injected, occurred_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)

// record writes an event to the outbox, for every topic.
func (t *tx) record(e skald.Event, topics ...string) error {
	t.recorded = append(t.recorded, e)
	_, err := t.exec(insertEvent, e.ID, e.Subject, e.Sequence, e.Kind, strings.Join(topics, " "),
		e.CausationID, e.TraceParent, string(e.Data), e.Fault, flag(e.FaultInjected), micros(e.Time))
	return err
}

const eventColumns = `id, kind, subject, sequence, occurred_at, causation_id, trace_parent, data, fault, fault_injected`

func scanEvent(scan func(...any) error, e *skald.Event, more ...any) error {
	var occurred, struck int64
	var data string
	dest := append([]any{&e.ID, &e.Kind, &e.Subject, &e.Sequence, &occurred, &e.CausationID, &e.TraceParent, &data, &e.Fault, &struck}, more...)
	if err := scan(dest...); err != nil {
		return err
	}
	e.Time, e.Data, e.FaultInjected = fromMicros(occurred), json.RawMessage(data), struck == 1
	return nil
}

var selectUnpublished = sqlText("select unpublished events", `
	SELECT `+eventColumns+`, position, topics FROM events
	WHERE published_at IS NULL AND position > $1 ORDER BY position LIMIT $2`)

// Unpublished lists events that no relay has marked, by position. An event with
// a lower position may still appear later, when the transaction that took that
// position commits; never one of the same subject, whose transactions exclude
// each other. So a relay must start from 0 again, not from the last it saw.
func (s *Store) Unpublished(ctx context.Context, afterPosition int64, limit int) ([]skald.OutboxRow, error) {
	var rows []skald.OutboxRow
	err := s.each(ctx, selectUnpublished, func(scan func(...any) error) error {
		var row skald.OutboxRow
		var topics string
		if err := scanEvent(scan, &row.Event, &row.Position, &topics); err != nil {
			return err
		}
		row.Topics = strings.Fields(topics)
		rows = append(rows, row)
		return nil
	}, afterPosition, limit)
	return rows, err
}

var (
	lockPublications = sqlText("lock publications", `SELECT last FROM publications WHERE name = 'events' {{lock}}`)
	markPublished    = sqlText("mark event published",
		`UPDATE events SET published_at = {{now}}, publication = $2 WHERE position = $1 AND published_at IS NULL`)
	savePublications = sqlText("save publications", `UPDATE publications SET last = $1 WHERE name = 'events'`)
)

// MarkPublished notes that every topic of these events has acknowledged them,
// and counts them as publications in the order given. Events marked before keep
// their number.
func (s *Store) MarkPublished(ctx context.Context, positions []int64) error {
	return s.inTx(ctx, func(t *tx) error {
		var last int64
		if _, err := t.scan(lockPublications, []any{&last}); err != nil {
			return err
		}
		for _, position := range positions {
			changed, err := t.exec(markPublished, position, last+1)
			if err != nil {
				return err
			}
			last += changed
		}
		_, err := t.exec(savePublications, last)
		return err
	})
}

var (
	selectPublished = sqlText("select published events", `
		SELECT `+eventColumns+`, publication FROM events WHERE publication > $1 ORDER BY publication LIMIT $2`)
	lastPublication = sqlText("last publication", `SELECT last FROM publications WHERE name = 'events'`)
)

// Published lists events behind a publication, in the order in which they were
// published. Whoever has read up to a number has missed nothing before it.
func (s *Store) Published(ctx context.Context, after int64, limit int) ([]skald.PublishedEvent, error) {
	events := []skald.PublishedEvent{}
	err := s.each(ctx, selectPublished, func(scan func(...any) error) error {
		var published skald.PublishedEvent
		err := scanEvent(scan, &published.Event, &published.Publication)
		events = append(events, published)
		return err
	}, after, limit)
	return events, err
}

// LastPublication is the number of the newest published event, 0 before the
// first.
func (s *Store) LastPublication(ctx context.Context) (int64, error) {
	var last int64
	_, err := s.scan(ctx, lastPublication, []any{&last})
	return last, err
}

// relayLease is the only lease there is.
const relayLease = "relay"

var takeLease = sqlText("take relay lease", `
	INSERT INTO relay_lease (name, holder, expires_at) VALUES ($1, $2, {{now}} + $3)
	ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
	WHERE relay_lease.holder = excluded.holder OR relay_lease.expires_at <= {{now}} OR relay_lease.expires_at > {{now}} + $3`)

// AcquireLease makes holder the one relay for ttl from now, by the database's
// clock, and reports whether it is. Calling it again renews. A holder whose
// lease ran out may still be publishing: that only repeats events.
//
// A lease that ends later than one that is taken now was written before that
// clock was set back. It counts as run out: its holder may be dead, and would
// lead until the clock has come to where it was.
func (s *Store) AcquireLease(ctx context.Context, holder string, ttl time.Duration) (bool, error) {
	var changed int64
	err := s.inTx(ctx, func(t *tx) (err error) {
		changed, err = t.exec(takeLease, relayLease, holder, ttl.Microseconds())
		return err
	})
	return changed == 1, err
}

var dropLease = sqlText("release relay lease", `DELETE FROM relay_lease WHERE name = $1 AND holder = $2`)

// ReleaseLease ends holder's lease, so that another need not wait for it to run
// out.
func (s *Store) ReleaseLease(ctx context.Context, holder string) error {
	return s.inTx(ctx, func(t *tx) error {
		_, err := t.exec(dropLease, relayLease, holder)
		return err
	})
}
