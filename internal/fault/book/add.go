package book

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/skald-saga/skald/internal/fault"
)

// ErrTaken says that a rule that has not ended has the name.
var ErrTaken = errors.New("another rule has this name")

// Add writes all rules or none, as valid from now. It errors with ErrTaken, and
// when there would be more than fault.MaxRules.
func (b *Book) Add(ctx context.Context, rules ...fault.Rule) ([]Rule, error) {
	var added []Rule
	err := b.write(ctx, func(tx *sql.Tx) (err error) {
		if err := b.forget(ctx, tx); err != nil {
			return err
		}
		added = nil
		for _, rule := range rules {
			one, err := b.insert(ctx, tx, rule.Filled())
			if err != nil {
				return err
			}
			added = append(added, one)
		}
		return b.checkRoom(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("add fault rules: %w", err)
	}
	return added, nil
}

// forget deletes rules that have ended, with their counts, so that their names
// are free again.
func (b *Book) forget(ctx context.Context, tx *sql.Tx) error {
	for _, text := range []string{
		`DELETE FROM fault_counts WHERE name IN (SELECT name FROM fault_rules WHERE expires_at <= {{now}})`,
		`DELETE FROM fault_rules WHERE expires_at <= {{now}}`,
	} {
		if _, err := tx.ExecContext(ctx, b.sql(text)); err != nil {
			return err
		}
	}
	return nil
}

func (b *Book) insert(ctx context.Context, tx *sql.Tx, rule fault.Rule) (Rule, error) {
	text, err := json.Marshal(rule)
	if err != nil {
		return Rule{}, fmt.Errorf("encode rule %q: %w", rule.Name, err)
	}
	rows, err := tx.QueryContext(ctx, b.sql(`INSERT INTO fault_rules (name, rule, created_at, expires_at)
		VALUES ($1, $2, {{now}}, {{now}} + $3) ON CONFLICT (name) DO NOTHING RETURNING rule, fired, expires_at`),
		rule.Name, string(text), rule.Life().Microseconds())
	if err != nil {
		return Rule{}, err
	}
	defer rows.Close()
	if !rows.Next() {
		return Rule{}, errors.Join(rows.Err(), fmt.Errorf("rule %q: %w", rule.Name, ErrTaken))
	}
	return scanRule(rows)
}

func (b *Book) checkRoom(ctx context.Context, tx *sql.Tx) error {
	var count int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM fault_rules`).Scan(&count); err != nil {
		return err
	}
	if count > fault.MaxRules {
		return &TooManyError{Rules: count}
	}
	return nil
}

// TooManyError says that there would be more rules than fault.MaxRules.
type TooManyError struct{ Rules int }

// Error names the bound.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("%d rules: must be at most %d; remove some", e.Rules, fault.MaxRules)
}
