package saga_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

var noon = time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)

func TestALogIsTheSameAfterJSON(t *testing.T) {
	t.Parallel()
	log := saga.Log{
		{Step: "hotel", Phase: saga.PhaseDo, Outcome: saga.Done, Note: "room 7", At: noon},
		{Phase: saga.PhaseCancel, Outcome: saga.Accepted, At: noon},
		{Step: "hotel", Phase: saga.PhaseUndo, Undo: "no hotel", Outcome: saga.Parked, Error: "closed", Times: 3, At: noon.Add(time.Hour)},
	}
	data, err := json.Marshal(log)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"step":"hotel","phase":"do","outcome":"done","note":"room 7","at":"2026-05-17T12:00:00Z"},` +
		`{"phase":"cancel","outcome":"accepted","at":"2026-05-17T12:00:00Z"},` +
		`{"step":"hotel","phase":"undo","undo":"no hotel","outcome":"parked","error":"closed","times":3,"at":"2026-05-17T13:00:00Z"}]`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var again saga.Log
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(log, again); diff != "" {
		t.Error(diff)
	}
}

// TestALogStaysBoundedHoweverOftenAnUndoIsParked gives every refusal another
// text, so that nothing can be counted together.
func TestALogStaysBoundedHoweverOftenAnUndoIsParked(t *testing.T) {
	t.Parallel()
	const refusals = 2 * saga.MaxEntries
	state := newTrip()
	state.always("car", errRefused)
	state.answers["no flight"] = func(call int) error {
		if call > refusals {
			return nil
		}
		text := strings.Repeat("é", saga.MaxTextLength) + fmt.Sprint(call)
		return temporal.NewNonRetryableApplicationError(fmt.Sprint(call)+text, "Refused", nil)
	}
	def := inlineTrip()
	def.Parked = func(ctx workflow.Context, _ *trip, _ []saga.Failure) error { return workflow.Sleep(ctx, time.Hour) }
	log, err := run(t, newEnv(state), def, state)
	if _, ok := errors.AsType[*saga.CompensatedError](err); !ok {
		t.Fatal(err)
	}
	if len(log) != saga.MaxEntries {
		t.Errorf("log has %d entries, want %d", len(log), saga.MaxEntries)
	}
	got := lines(log)
	check(t, "start", got[:5], []string{"do hotel done", "do flight done", "do car refused: no", "undo car undone", "undo hotel undone"})
	check(t, "end", got[len(got)-1:], []string{"undo flight undone"})
	for _, entry := range log {
		if len(entry.Error) > saga.MaxTextLength || !utf8.ValidString(entry.Error) {
			t.Fatalf("error has %d bytes, valid: %v", len(entry.Error), utf8.ValidString(entry.Error))
		}
	}
}

func TestMarkdownIsATable(t *testing.T) {
	t.Parallel()
	log := saga.Log{
		{Step: "hotel", Phase: saga.PhaseDo, Outcome: saga.Done, Note: "room 7", At: noon},
		{Step: "flight", Phase: saga.PhaseDo, Outcome: saga.Refused, Error: "full", At: noon},
		{Step: "hotel", Phase: saga.PhaseUndo, Undo: "no hotel", Outcome: saga.Parked, Error: "closed", Times: 2, At: noon},
	}
	want := "| step | phase | outcome | note | at (UTC) |\n" +
		"|---|---|---|---|---|\n" +
		"| hotel | do | done | room 7 | 2026-05-17 12:00:00 |\n" +
		"| flight | do | refused | full | 2026-05-17 12:00:00 |\n" +
		"| no hotel | undo | parked, 2 times | closed | 2026-05-17 12:00:00 |\n"
	if diff := cmp.Diff(want, log.Markdown()); diff != "" {
		t.Error(diff)
	}
}

func TestMarkdownHoldsNoHTMLLinkOrImage(t *testing.T) {
	t.Parallel()
	log := saga.Log{{Step: "a|b", Phase: saga.PhaseDo, Outcome: saga.Refused, Error: "<img src=x> ![x](http://y)\n| `c` \\", At: noon}}
	want := `| a\|b | do | refused | &lt;img src=x&gt; !\[x\](http://y) \| 'c' \\ | 2026-05-17 12:00:00 |` + "\n"
	if got := strings.SplitAfterN(log.Markdown(), "\n", 3)[2]; got != want {
		t.Errorf("row is\n%s, want\n%s", got, want)
	}
}

func TestMarkdownThatIsTooLongKeepsTheNewestEntries(t *testing.T) {
	t.Parallel()
	var log saga.Log
	for n := range saga.MaxEntries {
		log = append(log, saga.Entry{Step: fmt.Sprint("step", n), Phase: saga.PhaseDo, Outcome: saga.Done, Note: strings.Repeat("<", 400), At: noon})
	}
	got := log.Markdown()
	if len(got) > saga.MaxMarkdown {
		t.Errorf("has %d bytes, at most %d are allowed", len(got), saga.MaxMarkdown)
	}
	rows := strings.Count(got, "| step") - 1
	if rows < 10 || !strings.Contains(got, fmt.Sprintf("| step%d |", saga.MaxEntries-1)) {
		t.Errorf("has %d rows; the newest must be among them", rows)
	}
	if want := fmt.Sprintf("\n%d earlier entries are left out.\n", saga.MaxEntries-rows); !strings.HasSuffix(got, want) {
		t.Errorf("does not end with %q", want)
	}
}
