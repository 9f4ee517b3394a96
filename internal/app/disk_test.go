package app_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/database"
)

// BenchmarkDisk carries orders through as BenchmarkLoop does, and says how many
// bytes each left behind, by file and table with its indexes. With keep, all are
// then made old and pruned.
//
//	go test ./internal/app -run '^$' -bench Disk -benchtime 2000x
func BenchmarkDisk(b *testing.B) {
	for name, keep := range map[string]time.Duration{"kept": 0, "pruned": app.DefaultDevKeep} {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			carryAll(b, dir)
			if keep > 0 {
				pruneAll(b, dir, keep)
			}
			for _, file := range []string{"skald.db", "skald-providers.db", "temporal.db", "temporal-visibility.db"} {
				reportTables(b, find(b, dir, file))
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func carryAll(b *testing.B, dir string) {
	b.Helper()
	dev, err := app.StartDev(b.Context(), app.DevConfig{Dir: dir, Logger: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	l := newLoop(b, dev)
	l.run(b, "order", b.N)
	l.close()
	await(b, dev, `SELECT count(*) FROM events WHERE published_at IS NULL`)
	if err := dev.Close(); err != nil {
		b.Fatal(err)
	}
}

func pruneAll(b *testing.B, dir string, keep time.Duration) {
	b.Helper()
	dev, err := app.StartDev(b.Context(), app.DevConfig{Dir: dir, Logger: quiet()}) // it prunes nothing
	if err != nil {
		b.Fatal(err)
	}
	for _, update := range []string{
		`UPDATE orders SET created_at = created_at - $1, updated_at = updated_at - $1`,
		`UPDATE events SET occurred_at = occurred_at - $1`,
	} {
		if _, err := dev.Database().Writer().ExecContext(b.Context(), update, (keep + time.Hour).Microseconds()); err != nil {
			b.Fatal(err)
		}
	}
	if err := dev.Close(); err != nil {
		b.Fatal(err)
	}
	if dev, err = app.StartDev(b.Context(), app.DevConfig{Dir: dir, Logger: quiet(), Keep: keep}); err != nil {
		b.Fatal(err)
	}
	await(b, dev, `SELECT (SELECT count(*) FROM orders WHERE digest IS NULL) + (SELECT count(*) FROM pruned_keys)`)
	if err := dev.Close(); err != nil {
		b.Fatal(err)
	}
}

// await waits until count is 0.
func await(b *testing.B, dev *app.Dev, count string) {
	b.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var left int
		if err := dev.Database().Read().QueryRowContext(b.Context(), count).Scan(&left); err != nil {
			b.Fatal(err)
		}
		if left == 0 {
			return
		}
		<-tick.C
	}
}

func find(b *testing.B, dir, name string) string {
	b.Helper()
	for _, pattern := range []string{name, filepath.Join("*", name)} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			b.Fatal(err)
		}
		if len(found) == 1 {
			return found[0]
		}
	}
	b.Fatalf("%s is not in %s", name, dir)
	return ""
}

// reportTables counts pages that are in use: free ones are used again.
func reportTables(b *testing.B, file string) {
	b.Helper()
	db, err := database.Open(b.Context(), database.Options{URL: "sqlite:" + file})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	}()
	rows, err := db.Read().QueryContext(b.Context(), `
		SELECT COALESCE(s.tbl_name, d.name), SUM(d.pgsize) FROM dbstat AS d LEFT JOIN sqlite_master AS s ON s.name = d.name
		GROUP BY 1 HAVING SUM(d.pgsize) > 16384 ORDER BY 2 DESC`)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		var bytes int64
		if err := rows.Scan(&table, &bytes); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(bytes)/float64(b.N), filepath.Base(file)+"/"+table+"-B/saga")
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
}
