package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/skald-saga/skald"
)

var auditPublished = sqlText("audit published events", `
	SELECT `+eventColumns+`, position, topics FROM events
	WHERE position > $1 AND publication <= $2 ORDER BY position LIMIT $3`)

// AuditPublished lists events up to a publication, by position: those that every
// topic they name must hold.
func (s *Store) AuditPublished(ctx context.Context, afterPosition, upTo int64, limit int) ([]skald.OutboxRow, error) {
	var rows []skald.OutboxRow
	err := s.each(ctx, auditPublished, func(scan func(...any) error) error { return scanOutboxRow(scan, &rows) },
		afterPosition, upTo, limit)
	return rows, err
}

var auditEvents = statement{name: "audit events by ID"}

// AuditEvents finds events by their IDs, in no order. What is not there is left
// out.
func (s *Store) AuditEvents(ctx context.Context, ids []string) ([]skald.OutboxRow, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	marks, args := make([]string, len(ids)), make([]any, len(ids))
	for n, id := range ids {
		marks[n], args[n] = "$"+strconv.Itoa(n+1), id
	}
	var found []skald.OutboxRow
	rows, err := s.db.Read().QueryContext(ctx, `SELECT `+eventColumns+`, position, topics FROM events
		WHERE id IN (`+strings.Join(marks, ", ")+`)`, args...)
	err = eachRow(auditEvents, rows, err, func(scan func(...any) error) error { return scanOutboxRow(scan, &found) })
	return found, err
}

func scanOutboxRow(scan func(...any) error, rows *[]skald.OutboxRow) error {
	var row skald.OutboxRow
	var topics string
	if err := scanEvent(scan, &row.Event, &row.Position, &topics); err != nil {
		return err
	}
	row.Topics = strings.Fields(topics)
	*rows = append(*rows, row)
	return nil
}
