package book_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/fault/book"
)

func TestTheBookOnBothEngines(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		for name, test := range map[string]func(*testing.T, *book.Book){
			"rules come back as they were written": testRules,
			"all rules are added or none":          testAllOrNone,
			"a rule that ended frees its name":     testEnded,
			"a halt is kept":                       testHalt,
			"a limit holds for all at once":        testTake,
			"a removed rule is counted anew":       testForgottenCount,
			"what fired is found and bounded":      testFires,
			"struck orders are known":              testStruck,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, open(t, engine.Fresh(t)))
			})
		}
	})
}

// The tables are made by whoever sets skald up; who only turns failure injection
// on may have no right to make any.
func TestAUserWhoMayMakeNoTablesOpensABookWhoseTablesAreThere(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		if engine.Name == "sqlite" {
			t.Skip("an SQLite file has no users")
		}
		url := engine.Fresh(t)
		owner, err := database.Open(t.Context(), database.Options{URL: url})
		must(t, err)
		role := fmt.Sprintf("skald_book_%d", os.Getpid())
		limited, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 1}) // one connection, which keeps the role
		must(t, err)
		run := func(db *database.DB, statement string) {
			t.Helper()
			_, err := db.Writer().ExecContext(t.Context(), statement)
			must(t, err)
		}
		run(owner, `CREATE ROLE `+role)
		t.Cleanup(func() {
			must(t, limited.Close())
			for _, statement := range []string{`DROP OWNED BY ` + role, `DROP ROLE ` + role} {
				_, err := owner.Writer().ExecContext(context.Background(), statement)
				must(t, err)
			}
			must(t, owner.Close())
		})
		run(limited, `SET ROLE `+role)
		if _, err := book.Open(t.Context(), limited, book.Options{}); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("without tables, and without the right to make them: %v", err)
		}
		if version, err := book.Version(t.Context(), owner); err != nil || version.Found != 0 || version.Wanted != 1 {
			t.Errorf("version %+v, %v", version, err)
		}
		must(t, book.Migrate(t.Context(), owner))
		run(owner, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO `+role)
		opened, err := book.Open(t.Context(), limited, book.Options{})
		must(t, err)
		if _, err := opened.Add(t.Context(), rules(t, "intake[name=first]=panic")...); err != nil {
			t.Error(err)
		}
	})
}

func open(t *testing.T, url string) *book.Book {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: url})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	opened, err := book.Open(t.Context(), db, book.Options{MaxFires: 3})
	must(t, err)
	return opened
}

func rules(t *testing.T, text string) []fault.Rule {
	t.Helper()
	parsed, err := fault.Parse(text)
	must(t, err)
	return parsed
}

func testRules(t *testing.T, b *book.Book) {
	lines := []string{
		"charge_payment/after[order=o-17*,sku=SKU-7*,attempts=1-2,name=lost-ack,ttl=10m,seed=42]=20%3*abort(unavailable)",
		"intake=delay(800ms,200ms)",
	}
	before := time.Now()
	added, err := b.Add(t.Context(), rules(t, strings.Join(lines, ";"))...)
	must(t, err)
	active, halted, err := b.ActiveRules(t.Context())
	must(t, err)
	if halted || len(active) != 2 || len(added) != 2 {
		t.Fatalf("halted %t, %d rules, %d added", halted, len(active), len(added))
	}
	for n, want := range rules(t, strings.Join(lines, ";")) {
		if diff := cmp.Diff(want.Filled(), active[n].Rule); diff != "" {
			t.Errorf("rule (-want +got):\n%s", diff)
		}
		if !active[n].Until.Equal(added[n].Until) || active[n].Until.Sub(before) < 9*time.Minute || active[n].Until.Sub(before) > 11*time.Minute {
			t.Errorf("rule %s lives until %s, and was added until %s", want.Name, active[n].Until, added[n].Until)
		}
	}
	select {
	case <-b.Changed():
	default:
		t.Error("the change was not announced")
	}
	removed, err := b.Remove(t.Context(), "lost-ack")
	must(t, err)
	again, err := b.Remove(t.Context(), "lost-ack")
	must(t, err)
	if left, _, err := b.ActiveRules(t.Context()); !removed || again || len(left) != 1 || err != nil {
		t.Errorf("removed %t, again %t, left %v, %v", removed, again, left, err)
	}
}

func testAllOrNone(t *testing.T, b *book.Book) {
	_, err := b.Add(t.Context(), rules(t, "intake[name=first]=panic; relay=abort(unavailable)")...)
	must(t, err)
	if _, err := b.Add(t.Context(), rules(t, "intake[name=second]=panic; intake[name=first]=hang")...); !errors.Is(err, book.ErrTaken) {
		t.Errorf("a name that is taken: %v", err)
	}
	many := make([]fault.Rule, fault.MaxRules-1)
	for n := range many {
		many[n] = rules(t, fmt.Sprintf("intake[name=many-%d]=panic", n))[0]
	}
	if _, err := b.Add(t.Context(), many...); err == nil || !strings.Contains(err.Error(), "201 rules: must be at most 200") {
		t.Errorf("too many: %v", err)
	}
	if left, _, err := b.ActiveRules(t.Context()); len(left) != 2 || err != nil {
		t.Errorf("%d rules, %v, want the first two", len(left), err)
	}
}

func testEnded(t *testing.T, b *book.Book) {
	_, err := b.Add(t.Context(), rules(t, "intake[name=short,ttl=1ms]=1*panic")...)
	must(t, err)
	if taken, err := b.Take(t.Context(), "short", 1); !taken || err != nil {
		t.Fatalf("taken %t, %v", taken, err)
	}
	databasetest.Eventually(t, "the rule has ended", func() bool {
		left, _, err := b.ActiveRules(t.Context())
		return len(left) == 0 && err == nil
	})
	if removed, err := b.Remove(t.Context(), "short"); removed || err != nil {
		t.Errorf("an ended rule was removed: %t, %v", removed, err)
	}
	added, err := b.Add(t.Context(), rules(t, "intake[name=short]=1*hang")...)
	must(t, err)
	if taken, err := b.Take(t.Context(), "short", 1); !taken || err != nil || added[0].Fired != 0 {
		t.Errorf("the new rule is counted with the old one: taken %t, %v, fired %d", taken, err, added[0].Fired)
	}
}

func testHalt(t *testing.T, b *book.Book) {
	for _, want := range []bool{true, true, false} {
		must(t, b.SetHalted(t.Context(), want))
		if _, halted, err := b.ActiveRules(t.Context()); halted != want || err != nil {
			t.Errorf("halted %t, %v, want %t", halted, err, want)
		}
	}
}

func testTake(t *testing.T, b *book.Book) {
	var mu sync.Mutex
	taken := 0
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			took, err := b.Take(t.Context(), "o-1/lost-ack", 3)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if took {
				taken++
			}
		})
	}
	all.Wait()
	if taken != 3 {
		t.Errorf("%d were taken, want 3", taken)
	}
	if took, err := b.Take(t.Context(), "o-2/lost-ack", 3); !took || err != nil {
		t.Errorf("another order's: %t, %v", took, err)
	}
}

func testForgottenCount(t *testing.T, b *book.Book) {
	_, err := b.Add(t.Context(), rules(t, "intake[name=once]=1*panic")...)
	must(t, err)
	_, err = b.Take(t.Context(), "once", 1)
	must(t, err)
	_, err = b.Remove(t.Context(), "once")
	must(t, err)
	if took, err := b.Take(t.Context(), "once", 1); !took || err != nil {
		t.Errorf("taken %t, %v", took, err)
	}
}

func firing(order, rule string, n int) fault.Firing {
	return fault.Firing{
		Rule: rule, Point: fault.PointIntake, Phase: fault.After, Order: order, Attempt: n, Within: fault.PointRelay, Fault: "abort(unavailable)", Kind: fault.KindAbort,
		Carried: n%2 == 0, At: time.Date(2026, 11, 22, 12, 0, n, 1000, time.UTC), Process: "host-1",
	}
}

func testFires(t *testing.T, b *book.Book) {
	_, err := b.Add(t.Context(), rules(t, "intake[name=r]=panic")...)
	must(t, err)
	for n := range 5 {
		b.Fired(t.Context(), firing(fmt.Sprintf("o-%d", n%2), "r", n))
	}
	fires, err := b.Fires(t.Context(), book.Query{Limit: 10})
	must(t, err)
	got := make([]fault.Firing, len(fires))
	for n, fire := range fires {
		got[n] = fire.Firing
	}
	if diff := cmp.Diff([]fault.Firing{firing("o-0", "r", 4), firing("o-1", "r", 3), firing("o-0", "r", 2)}, got); diff != "" {
		t.Errorf("the last three (-want +got):\n%s", diff)
	}
	attempts := func(q book.Query) (found []int) {
		fires, err := b.Fires(t.Context(), q)
		must(t, err)
		for _, fire := range fires {
			found = append(found, fire.Attempt)
		}
		return found
	}
	for name, c := range map[string]struct {
		query book.Query
		want  []int
	}{
		"of an order": {book.Query{Order: "o-0", Limit: 10}, []int{4, 2}},
		"of no rule":  {book.Query{Rule: "other", Limit: 10}, nil},
		"since":       {book.Query{Rule: "r", Since: time.Date(2026, 11, 22, 12, 0, 3, 0, time.UTC), Limit: 10}, []int{4, 3}},
		"a page":      {book.Query{Before: fires[0].Position, Limit: 1}, []int{3}},
	} {
		if got := attempts(c.query); !slices.Equal(got, c.want) {
			t.Errorf("%s: attempts %v, want %v", name, got, c.want)
		}
	}
	listed, _, err := b.Rules(t.Context())
	if err != nil || listed[0].Fired != 2 {
		t.Errorf("the rule fired %d times, %v, want 2: the others were orders' own", listed[0].Fired, err)
	}
}

func testStruck(t *testing.T, b *book.Book) {
	b.Fired(t.Context(), firing("o-1", "r", 1))
	for _, ids := range [][]string{nil, {"o-1"}, {"o-1", "o-2"}} {
		struck, err := b.Struck(t.Context(), ids...)
		must(t, err)
		if struck["o-2"] || struck["o-1"] != (len(ids) > 0) {
			t.Errorf("of %v: %v", ids, struck)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestABookThatIsAloneKnowsWhatFiredSinceItWasOpenedAndBefore(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "faults.db")})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	wantStruck := func(b *book.Book, want map[string]bool) {
		t.Helper()
		struck, err := b.Struck(t.Context(), "o-1", "o-2")
		must(t, err)
		if !maps.Equal(struck, want) {
			t.Errorf("struck are %v, want %v", struck, want)
		}
	}
	first, err := book.Open(t.Context(), db, book.Options{Alone: true})
	must(t, err)
	wantStruck(first, map[string]bool{})
	first.Fired(t.Context(), firing("o-1", "r", 1))
	wantStruck(first, map[string]bool{"o-1": true})
	second, err := book.Open(t.Context(), db, book.Options{Alone: true})
	must(t, err)
	wantStruck(second, map[string]bool{"o-1": true})
}
