package embedded_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald/internal/embedded"
)

// The server deletes a closed workflow between its retention and half an hour
// later, at random: of many, some go at once.
func TestWhatIsOlderThanTheRetentionGoesFromEveryTable(t *testing.T) {
	t.Parallel()
	const many = 500
	dir := t.TempDir()
	c := brief(t, dir)
	closed := make([]string, many)
	for n := range closed {
		closed[n] = fmt.Sprintf("closed-%d", n)
		_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: closed[n], TaskQueue: "nobody"}, "nothing")
		if err == nil {
			err = c.TerminateWorkflow(t.Context(), closed[n], "", "")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	main, visibility := openFile(t, dir, "temporal.db"), openFile(t, dir, "temporal-visibility.db")
	// A run has one tree of history; so as many are left as there are runs.
	const leftovers = `SELECT (SELECT count(*) FROM history_tree) - (SELECT count(*) FROM executions)
		UNION ALL SELECT (SELECT count(DISTINCT tree_id) FROM history_node) - (SELECT count(*) FROM executions)`
	for ctx := t.Context(); ; {
		kept := column(t, main, `SELECT workflow_id FROM executions`)
		gone := slices.DeleteFunc(slices.Clone(closed), func(id string) bool { return slices.Contains(kept, id) })
		seen := column(t, visibility, `SELECT workflow_id FROM executions_visibility`)
		unseen := slices.DeleteFunc(slices.Clone(gone), func(id string) bool { return slices.Contains(seen, id) })
		if len(gone) > 0 && len(unseen) == len(gone) && slices.Equal(column(t, main, leftovers), []string{"0", "0"}) {
			return
		}
		if !waited(ctx) {
			t.Fatalf("%d are gone, %d of them from lists too; left over: %v", len(gone), len(unseen), column(t, main, leftovers))
		}
	}
}

// waited is false when the test has no time left.
func waited(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(100 * time.Millisecond):
		return true
	}
}

// brief is a client of a server that keeps closed workflows for a second.
func brief(t *testing.T, dir string) client.Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	server, err := embedded.StartTemporal(t.Context(), embedded.TemporalOptions{
		Dir: filepath.Join(dir, "temporal"), Namespace: "skald", Port: port, Durability: embedded.SurviveProcess,
		Retention: time.Second, Logger: slog.New(slog.DiscardHandler), LogLevel: slog.LevelError,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := client.Dial(client.Options{
		HostPort: fmt.Sprintf("127.0.0.1:%d", port), Namespace: "skald", Logger: slog.New(slog.DiscardHandler),
		ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
