package storetest

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

// picture is everything there is to see about an order but its events.
type picture struct {
	Status   skald.Status
	Cause    string   // kind, step and code
	Cancel   bool     // a cancel is recorded
	Effects  []string // step, side, outcome, reference, code; in the order of steps
	Mug, Tea string   // on hand, reserved, shipped
	Payment  string   // the intent's result and reference; "-" without an intent
	Shipment string
}

const untouched = "10 0 0"

// expect compares the order with want.
func (g *saga) expect(t *testing.T, want picture) {
	t.Helper()
	state, err := g.Order(t.Context(), g.id)
	must(t, err)
	cause := state.Cause
	got := picture{
		Status: state.Status, Cancel: state.CancelRequested,
		Cause:   words(string(cause.Kind), string(cause.Step), string(cause.Code)),
		Effects: g.effects(t), Mug: g.level(t, "mug-"+g.id), Tea: g.level(t, "tea-"+g.id),
		Payment: g.intent(t, "payments"), Shipment: g.intent(t, "shipments"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order %s (-want +got):\n%s", g.id, diff)
	}
}

func (g *saga) effects(t *testing.T) []string {
	t.Helper()
	var effects []string
	for _, step := range skald.Steps() {
		effects = append(effects, g.rows(t, `SELECT step || ' ' || side || ' ' || outcome || ' ' || reference || ' ' || code
			FROM effects WHERE order_id = $1 AND step = $2 ORDER BY side`, g.id, step)...)
	}
	return effects
}

func (g *saga) level(t *testing.T, sku string) string {
	t.Helper()
	level, err := g.StockLevel(t.Context(), sku)
	if errors.Is(err, skald.ErrNotFound) {
		return ""
	}
	must(t, err)
	if level.Received != level.OnHand+level.Reserved+level.Shipped {
		t.Errorf("stock of %s is not conserved: %+v", sku, level)
	}
	return fmt.Sprintf("%d %d %d", level.OnHand, level.Reserved, level.Shipped)
}

func (g *saga) intent(t *testing.T, table string) string {
	t.Helper()
	found := g.rows(t, `SELECT result || ' ' || reference FROM `+table+` WHERE order_id = $1`, g.id)
	if len(found) == 0 {
		return "-"
	}
	return found[0]
}

// rows reads one text column, without empty words.
func (s *shop) rows(t *testing.T, query string, args ...any) []string {
	t.Helper()
	rows, err := s.db.Read().QueryContext(t.Context(), query, args...)
	must(t, err)
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text sql.NullString
		must(t, rows.Scan(&text))
		all = append(all, words(strings.Fields(text.String)...))
	}
	must(t, rows.Err())
	return all
}

func words(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(word string) bool { return word == "" }), " ")
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
