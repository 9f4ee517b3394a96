package workflows_test

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workflows"
)

// historyFolder holds histories that real sagas left on a real server, in the
// JSON of `temporal workflow show --output json`. A saga that was started by an
// older release must replay on this one: a change that breaks a file here
// breaks running orders, and needs a new workflow type instead of a new file.
const historyFolder = "testdata/history"

// expectedHistories are the paths that must be covered, one file each.
var expectedHistories = []string{
	"cancelled",
	"confirm_order_outage",
	"confirmed",
	"exhausted_charge_payment",
	"exhausted_reserve_stock",
	"exhausted_schedule_shipping",
	"refused_charge_payment",
	"refused_reserve_stock",
	"refused_schedule_shipping",
	"undo_refused",
}

func TestEveryPathHasAStoredHistory(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(historyFolder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, name := range expectedHistories {
		if !slices.Contains(files, filepath.Join(historyFolder, name+".json")) {
			missing = append(missing, name)
		}
	}
	if diff := cmp.Diff([]string(nil), missing); diff != "" {
		t.Errorf("missing in %s:\n%s", historyFolder, diff)
	}
}

func TestEveryStoredHistoryReplays(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(historyFolder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) == 0 {
		t.Fatalf("%s is empty", historyFolder)
	}
	for _, entry := range entries {
		t.Run(entry.Name(), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(workflows.OrderSaga, workflow.RegisterOptions{Name: skald.WorkflowOrderSaga})
			silent := log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
			if err := replayer.ReplayWorkflowHistoryFromJSONFile(silent, filepath.Join(historyFolder, entry.Name())); err != nil {
				t.Error(err)
			}
		})
	}
}
