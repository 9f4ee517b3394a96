package book

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/skald-saga/skald/internal/fault"
)

// Rule is a rule in the book.
type Rule struct {
	fault.Active
	Fired int64 // in all processes together
}

// Remove takes a rule away, and reports whether it was there. Its count goes
// with it: a later rule of this name begins anew.
func (b *Book) Remove(ctx context.Context, name string) (bool, error) {
	var removed int64
	err := b.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, b.sql(`DELETE FROM fault_rules WHERE name = $1 AND expires_at > {{now}}`), name)
		if err != nil {
			return err
		}
		if removed, err = result.RowsAffected(); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM fault_counts WHERE name = $1`, name)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("remove fault rule: %w", err)
	}
	return removed > 0, nil
}

// SetHalted is what every process's engine does within fault.DefaultEvery.
func (b *Book) SetHalted(ctx context.Context, halted bool) error {
	err := b.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE fault_switch SET halted = $1 WHERE name = 'all'`, flag(halted))
		return err
	})
	if err != nil {
		return fmt.Errorf("halt or resume faults: %w", err)
	}
	return nil
}

// Rules lists the rules that have not ended, in the order in which they are
// asked, and whether all are halted.
func (b *Book) Rules(ctx context.Context) (rules []Rule, halted bool, err error) {
	var flag int64
	if err := b.db.Read().QueryRowContext(ctx, `SELECT halted FROM fault_switch WHERE name = 'all'`).Scan(&flag); err != nil {
		return nil, false, fmt.Errorf("read the fault switch: %w", err)
	}
	rows, err := b.db.Read().QueryContext(ctx, b.sql(`SELECT rule, fired, expires_at FROM fault_rules
		WHERE expires_at > {{now}} ORDER BY position LIMIT $1`), fault.MaxRules)
	if err != nil {
		return nil, false, fmt.Errorf("list fault rules: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		rule, err := scanRule(rows)
		if err != nil {
			return nil, false, err
		}
		rules = append(rules, rule)
	}
	return rules, flag == 1, rows.Err()
}

// ActiveRules implements fault.Source.
func (b *Book) ActiveRules(ctx context.Context) ([]fault.Active, bool, error) {
	rules, halted, err := b.Rules(ctx)
	active := make([]fault.Active, len(rules))
	for n, rule := range rules {
		active[n] = rule.Active
	}
	return active, halted, err
}

func scanRule(rows *sql.Rows) (Rule, error) {
	var text string
	var expires int64
	var rule Rule
	if err := rows.Scan(&text, &rule.Fired, &expires); err != nil {
		return Rule{}, err
	}
	if err := json.Unmarshal([]byte(text), &rule.Active.Rule); err != nil {
		return Rule{}, fmt.Errorf("fault rule %s: %w", text, err)
	}
	rule.Until = time.UnixMicro(expires).UTC()
	return rule, nil
}
