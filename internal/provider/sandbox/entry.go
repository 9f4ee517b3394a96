package sandbox

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// Entry is what the ledger holds under one key. It names neither token nor
// address.
type Entry struct {
	Key           string
	OrderID       string // empty for a key that was voided before its first use
	State         provider.State
	Amount        skald.Money    // what was asked to be captured; zero for a booking
	Reference     string         // of the capture or booking; empty if there was none
	UndoReference string         // of the refund or cancellation; empty if there was none
	Refusal       *skald.Refused // the last one given; nil if there was none
	CreatedAt     time.Time      // when the key was first seen
	UpdatedAt     time.Time
}

// Query selects entries. Zero fields do not filter.
type Query struct {
	OrderID string
	After   string // only keys after this one, for paging
	Limit   int    // default and at most MaxEntries
}

// MaxEntries bounds one list.
const MaxEntries = 1000

func (l *ledger) list(ctx context.Context, q Query) ([]Entry, error) {
	if q.Limit <= 0 || q.Limit > MaxEntries {
		q.Limit = MaxEntries
	}
	rows, err := l.db.Read().QueryContext(ctx, `SELECT call_key, state, order_id, amount, currency, reference,
			undo_reference, refusal_code, refusal_text, created_at, updated_at
		FROM sandbox_keys
		WHERE service = $1 AND ($2 = '' OR order_id = $2) AND call_key > $3
		ORDER BY call_key LIMIT $4`, l.service, q.OrderID, q.After, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list sandbox %s: %w", l.service, err)
	}
	defer rows.Close()
	entries := []Entry{}
	for rows.Next() {
		entry, err := scanEntry(rows)
		if err != nil {
			return nil, fmt.Errorf("list sandbox %s: %w", l.service, err)
		}
		entries = append(entries, entry)
	}
	return entries, rows.Err()
}

func scanEntry(rows *sql.Rows) (Entry, error) {
	var e Entry
	var code skald.Code
	var message string
	var created, updated int64
	err := rows.Scan(&e.Key, &e.State, &e.OrderID, &e.Amount.Minor, &e.Amount.Currency, &e.Reference,
		&e.UndoReference, &code, &message, &created, &updated)
	if code != "" {
		e.Refusal = &skald.Refused{Code: code, Message: message}
	}
	e.CreatedAt, e.UpdatedAt = time.UnixMicro(created).UTC(), time.UnixMicro(updated).UTC()
	return e, err
}
