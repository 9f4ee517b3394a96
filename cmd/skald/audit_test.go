package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/app"
)

// auditReport is a report as the auditor makes it: one saga to start again, one
// refund that a person must decide.
func auditReport(t *testing.T, mended string) app.AuditReport {
	t.Helper()
	text := `{"looked":{"orders":7},"counts":{"saga_stopped":1,"incident_open":1},"findings":[
		{"kind":"saga_stopped","level":"damage","order_id":"ord_1","what":"its last run was terminated","why":"Somebody terminated it.","repair":"start the saga again","mended":"` + mended + `"},
		{"kind":"incident_open","level":"waiting","order_id":"ord_2","what":"a refund waits","why":"It was refused.","repair":"a person must decide"}]}`
	var report app.AuditReport
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		t.Fatal(err)
	}
	return report
}

func TestAnAuditPrintsEachFindingWithWhatMendsIt(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := (&auditCommand{}).print(&console{out: &out}, auditReport(t, "")); err != nil {
		t.Fatal(err)
	}
	want := `saga_stopped  ord_1  damage
    its last run was terminated. Somebody terminated it.
    to mend it: start the saga again
incident_open  ord_2  waiting
    a refund waits. It was refused.
    to mend it: a person must decide
LOOKED AT
  orders  7
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What waits for a person is no failure; what disagrees is, until it is mended.
func TestAnAuditFailsWhileSomethingDisagrees(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		command auditCommand
		mended  string
		failed  error
		want    string
	}{
		"found":        {want: "disagreements: 1 / Mend what is safe with --repair"},
		"not mended":   {command: auditCommand{Repair: true}, want: "disagreements that remain: 1 / Each finding says why"},
		"mended":       {command: auditCommand{Repair: true}, mended: "started again"},
		"not answered": {mended: "started again", failed: errors.New("no broker"), want: "no broker / Not everything was audited"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.command.verdict(auditReport(t, test.mended), test.failed)
			got := ""
			if advised, ok := errors.AsType[*advised](err); ok {
				got = err.Error() + " / " + advised.advice
			}
			if !strings.HasPrefix(got, test.want) || (got == "") != (test.want == "") {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
