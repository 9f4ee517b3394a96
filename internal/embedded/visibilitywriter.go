package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"go.temporal.io/server/common/persistence/sql/sqlplugin"
)

// The server compiles the statement that writes a visibility row anew for every
// row, and commits each row by itself. Compiling takes longer than running it,
// because the table has dozens of generated columns, and triggers. A visibilityWriter
// keeps the two statements and commits rows that wait at the same time together.

// mostTogether bounds the rows of one transaction.
const mostTogether = 100

// visibilityWriter writes rows over a connection of its own. Its methods are
// safe for concurrent use.
type visibilityWriter struct {
	file file

	mu      sync.Mutex
	db      *sql.DB               // nil before the first row
	kept    map[onKnown]*sql.Stmt // by what they do with a row that is known
	writing bool
	waiting []*visibilityWrite
}

// onKnown is what becomes of a row that is in the table already.
type onKnown string

const (
	keepKnown    onKnown = "keep"    // a workflow has started: what came later is newer
	replaceKnown onKnown = "replace" // unless the known row is newer
)

// visibilityWrite is one row on its way.
type visibilityWrite struct {
	known   onKnown
	values  []any
	result  sql.Result
	err     error
	written chan struct{}
	turn    chan struct{} // closed when it is this caller's turn to write for all
}

// write returns when the row is committed. Whoever finds nobody writing writes
// for everyone who comes meanwhile, then passes that on, so that nobody writes
// for others for ever. It does not end with ctx, for it may write for others:
// its bound is how long SQLite waits for a lock.
func (w *visibilityWriter) write(known onKnown, row *sqlplugin.VisibilityRow) (sql.Result, error) {
	one := &visibilityWrite{known: known, values: visibilityValues(row), written: make(chan struct{}), turn: make(chan struct{})}
	w.mu.Lock()
	w.waiting = append(w.waiting, one)
	if !w.writing {
		w.writing = true
		close(one.turn)
	}
	w.mu.Unlock()
	select {
	case <-one.written:
	case <-one.turn:
		w.writeWaiting()
	}
	return one.result, one.err
}

// writeWaiting writes a batch. The caller's row is its first: turns are passed on
// in the order in which rows came.
func (w *visibilityWriter) writeWaiting() {
	w.mu.Lock()
	batch := w.waiting[:min(len(w.waiting), mostTogether)]
	w.waiting = w.waiting[len(batch):]
	w.mu.Unlock()

	w.commit(batch)

	w.mu.Lock()
	defer w.mu.Unlock()
	if w.writing = len(w.waiting) > 0; w.writing {
		close(w.waiting[0].turn)
	}
}

// commit answers every row of the batch. If the batch cannot be committed, each
// row is tried by itself, so that one bad row fails alone.
func (w *visibilityWriter) commit(batch []*visibilityWrite) {
	err := w.inTx(batch)
	for _, one := range batch {
		if err != nil && len(batch) > 1 {
			one.err = w.inTx([]*visibilityWrite{one})
		} else {
			one.err = err
		}
		close(one.written)
	}
}

func (w *visibilityWriter) inTx(batch []*visibilityWrite) error {
	if err := w.open(); err != nil {
		return err
	}
	tx, err := w.db.Begin() //nolint:noctx // see write
	if err != nil {
		return fmt.Errorf("write visibility rows: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for _, one := range batch {
		if one.result, err = tx.Stmt(w.kept[one.known]).Exec(one.values...); err != nil { //nolint:noctx,sqlclosecheck // see write; the transaction's end closes it
			return fmt.Errorf("write a visibility row: %w", err)
		}
	}
	return tx.Commit()
}

// open is called by whoever has the turn, so by one at a time.
func (w *visibilityWriter) open() error {
	if w.db != nil {
		return nil
	}
	db, err := w.file.open()
	if err != nil {
		return err
	}
	kept := map[onKnown]*sql.Stmt{}
	for known, text := range visibilityStatements() {
		if kept[known], err = db.Prepare(text); err != nil { //nolint:noctx,sqlclosecheck // it reads the schema, and waits for nobody; it ends with db
			_ = db.Close()
			return fmt.Errorf("prepare to write visibility rows: %w", err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.db, w.kept = db, kept
	return nil
}

func (w *visibilityWriter) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.db == nil {
		return nil
	}
	return w.db.Close()
}

// visibilityStatements do what the server's own do. A row's version is its place
// in the workflow's history of changes.
func visibilityStatements() map[onKnown]string {
	fields := sqlplugin.DbFields
	marks, updates := make([]string, len(fields)), make([]string, len(fields))
	for n, field := range fields {
		marks[n], updates[n] = "?", field+" = excluded."+field
	}
	insert := fmt.Sprintf("INSERT INTO executions_visibility (%s) VALUES (%s) ON CONFLICT (namespace_id, run_id) ",
		strings.Join(fields, ", "), strings.Join(marks, ", "))
	version := sqlplugin.VersionColumnName
	return map[onKnown]string{
		keepKnown:    insert + "DO NOTHING",
		replaceKnown: insert + "DO UPDATE SET " + strings.Join(updates, ", ") + " WHERE executions_visibility." + version + " < excluded." + version,
	}
}

// visibilityValues are a row's fields in the order of sqlplugin.DbFields, which is
// that of the struct, as the server's SQLite plugin stores them.
func visibilityValues(row *sqlplugin.VisibilityRow) []any {
	stored := *row
	stored.StartTime, stored.ExecutionTime = storedTime(row.StartTime), storedTime(row.ExecutionTime)
	if row.CloseTime != nil {
		at := storedTime(*row.CloseTime)
		stored.CloseTime = &at
	}
	stored.SearchAttributes = storedAttributes(row.SearchAttributes)
	fields := reflect.ValueOf(stored)
	values := make([]any, fields.NumField())
	for n := range values {
		values[n] = fields.Field(n).Interface()
	}
	return values
}

// noTime stands for a time that is not set.
var noTime = time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC)

func storedTime(t time.Time) time.Time {
	if t.IsZero() {
		return noTime
	}
	return t.UTC().Truncate(time.Microsecond)
}

// keywordSeparator stands between the keywords of a list.
const keywordSeparator = "♡"

func storedAttributes(attributes *sqlplugin.VisibilitySearchAttributes) *sqlplugin.VisibilitySearchAttributes {
	if attributes == nil {
		return nil
	}
	stored := make(sqlplugin.VisibilitySearchAttributes, len(*attributes))
	for name, value := range *attributes {
		switch value := value.(type) {
		case []string:
			stored[name] = strings.Join(value, keywordSeparator)
		case time.Time:
			stored[name] = value.Format(time.RFC3339Nano)
		default:
			stored[name] = value
		}
	}
	return &stored
}

// visibilityDB is the server's database with a visibilityWriter for what sagas
// write. Everything else, lists and deletions among them, is the server's own.
type visibilityDB struct {
	serverDB
	writer *visibilityWriter
}

// serverDB is what the server's plugin returns, for either of its two uses.
type serverDB interface {
	sqlplugin.DB
	sqlplugin.AdminDB
}

// InsertIntoVisibility implements sqlplugin.Visibility.
func (d *visibilityDB) InsertIntoVisibility(_ context.Context, row *sqlplugin.VisibilityRow) (sql.Result, error) {
	return d.writer.write(keepKnown, row)
}

// ReplaceIntoVisibility implements sqlplugin.Visibility.
func (d *visibilityDB) ReplaceIntoVisibility(_ context.Context, row *sqlplugin.VisibilityRow) (sql.Result, error) {
	return d.writer.write(replaceKnown, row)
}

// Close implements sqlplugin.GenericDB.
func (d *visibilityDB) Close() error {
	if err := d.writer.close(); err != nil {
		return err
	}
	return d.serverDB.Close()
}
