package sandbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/provider"
)

// The services, as the ledger names them.
const (
	servicePayment = "payment"
	serviceCarrier = "carrier"
)

// ledger is the durable memory of one service.
type ledger struct {
	db      *database.DB
	service string
	lock    *sql.Stmt // on the writer; they end with db
	update  *sql.Stmt
}

const keyColumns = `state, order_id, request_hash, amount, currency, reference, undo_reference, undo_refused,
	refusal_code, refusal_text`

func newLedger(ctx context.Context, db *database.DB, service string) (*ledger, error) {
	l := &ledger{db: db, service: service}
	now := db.Dialect().Now
	for into, text := range map[**sql.Stmt]string{
		// The update changes nothing: it locks the row that is there already, and
		// waits for whoever holds it, on both engines and in one statement.
		&l.lock: `INSERT INTO sandbox_keys (service, call_key, state, created_at, updated_at)
			VALUES ($1, $2, 'unknown', ` + now + `, ` + now + `)
			ON CONFLICT (service, call_key) DO UPDATE SET call_key = excluded.call_key
			RETURNING ` + keyColumns,
		&l.update: `UPDATE sandbox_keys SET state = $3, order_id = $4, request_hash = $5, amount = $6, currency = $7,
			reference = $8, undo_reference = $9, undo_refused = $10, refusal_code = $11, refusal_text = $12,
			updated_at = ` + now + `
			WHERE service = $1 AND call_key = $2`,
	} {
		var err error
		if *into, err = db.Writer().PrepareContext(ctx, text); err != nil { //nolint:sqlclosecheck // it ends with db
			return nil, fmt.Errorf("prepare a statement of sandbox %s: %w", service, err)
		}
	}
	return l, nil
}

// change runs decide on what is known under id, with its row locked, and keeps
// what decide made of it. If decide errors nothing is kept, not even that the
// key was seen.
func (l *ledger) change(ctx context.Context, id string, decide func(*key) error) (key, error) {
	var known key
	err := l.db.InTx(ctx, func(tx *sql.Tx) error {
		var err error
		if known, err = scanKey(tx.StmtContext(ctx, l.lock).QueryRowContext(ctx, l.service, id)); err != nil { //nolint:sqlclosecheck // the transaction's end closes it
			return err
		}
		before := known
		if err := decide(&known); err != nil || known == before {
			return err
		}
		return l.save(ctx, tx, id, known)
	})
	if err != nil {
		return key{}, fmt.Errorf("sandbox %s key %s: %w", l.service, id, err)
	}
	return known, nil
}

func (l *ledger) save(ctx context.Context, tx *sql.Tx, id string, k key) error {
	undoRefused := 0
	if k.undoRefused {
		undoRefused = 1
	}
	_, err := tx.StmtContext(ctx, l.update).ExecContext(ctx, l.service, id, string(k.state), k.orderID, k.requestHash, //nolint:sqlclosecheck // the transaction's end closes it
		k.amount.Minor, string(k.amount.Currency), k.reference, k.undoReference, undoRefused, string(k.code), k.message)
	return err
}

// do carries out r, or answers what the key answered before. first reports
// whether it was this call that did it.
func (l *ledger) do(ctx context.Context, r request, prefix string) (reference string, first bool, err error) {
	known, err := l.change(ctx, r.key, func(k *key) error {
		first = k.state != provider.StateDone
		return k.do(r, referenceOf(prefix, r.key))
	})
	if err != nil {
		return "", false, err
	}
	if known.state == provider.StateRefused {
		return "", false, known.refusal()
	}
	return known.reference, first, nil
}

func (l *ledger) void(ctx context.Context, id string) (provider.Record, error) {
	known, err := l.change(ctx, id, func(k *key) error {
		k.void()
		return nil
	})
	return known.record(), err
}

func (l *ledger) lookup(ctx context.Context, id string) (provider.Record, error) {
	known, err := scanKey(l.db.Read().QueryRowContext(ctx,
		`SELECT `+keyColumns+` FROM sandbox_keys WHERE service = $1 AND call_key = $2`, l.service, id))
	if errors.Is(err, sql.ErrNoRows) {
		return provider.Record{State: provider.StateUnknown}, nil
	}
	if err != nil {
		return provider.Record{}, fmt.Errorf("look up sandbox %s key %s: %w", l.service, id, err)
	}
	return known.record(), nil
}

func scanKey(row *sql.Row) (key, error) {
	var k key
	var undoRefused int64
	err := row.Scan(&k.state, &k.orderID, &k.requestHash, &k.amount.Minor, &k.amount.Currency, &k.reference,
		&k.undoReference, &undoRefused, &k.code, &k.message)
	k.undoRefused = undoRefused == 1
	return k, err
}
