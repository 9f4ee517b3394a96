package book

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skald-saga/skald/internal/fault"
)

// Fire is a firing in the log.
type Fire struct {
	Position int64 // rises
	fault.Firing
}

// Query selects firings, newest first. Zero fields do not filter.
type Query struct {
	Order  string
	Rule   string
	Since  time.Time // fired then or later
	Before int64     // only positions below, for paging
	Limit  int
}

// Fires reads the log.
func (b *Book) Fires(ctx context.Context, q Query) ([]Fire, error) {
	where, args := []string{"1 = 1"}, []any{}
	add := func(condition string, value any) {
		args = append(args, value)
		where = append(where, condition+" $"+strconv.Itoa(len(args)))
	}
	if q.Order != "" {
		add("order_id =", q.Order)
	}
	if q.Rule != "" {
		add("rule =", q.Rule)
	}
	if !q.Since.IsZero() {
		add("fired_at >=", q.Since.UnixMicro())
	}
	if q.Before > 0 {
		add("position <", q.Before)
	}
	rows, err := b.db.Read().QueryContext(ctx, `SELECT position, rule, point, phase, order_id, attempt, within, fault, kind, carried, fired_at, process
		FROM fault_fires WHERE `+strings.Join(where, " AND ")+` ORDER BY position DESC LIMIT `+strconv.Itoa(q.Limit), args...)
	if err != nil {
		return nil, fmt.Errorf("read the fault log: %w", err)
	}
	defer rows.Close()
	var fires []Fire
	for rows.Next() {
		var f Fire
		var carried, at int64
		if err := rows.Scan(&f.Position, &f.Rule, &f.Point, &f.Phase, &f.Order, &f.Attempt, &f.Within, &f.Fault, &f.Kind, &carried, &at, &f.Process); err != nil {
			return nil, err
		}
		f.Carried, f.At = carried == 1, time.UnixMicro(at).UTC()
		fires = append(fires, f)
	}
	return fires, rows.Err()
}

// Struck tells which of the orders a fault has struck, as far back as the log
// goes. It waits for no transaction.
func (b *Book) Struck(ctx context.Context, orderIDs ...string) (map[string]bool, error) {
	struck := map[string]bool{}
	if len(orderIDs) == 0 || b.silent.Load() {
		return struck, nil
	}
	marks, args := make([]string, len(orderIDs)), make([]any, len(orderIDs))
	for n, id := range orderIDs {
		marks[n], args[n] = "$"+strconv.Itoa(n+1), id
	}
	rows, err := b.db.Read().QueryContext(ctx, `SELECT DISTINCT order_id FROM fault_fires WHERE order_id IN (`+strings.Join(marks, ", ")+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("look for struck orders: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		struck[id] = true
	}
	return struck, rows.Err()
}
