package saga_test

import (
	"strings"
	"testing"

	"github.com/skald-saga/skald/workflows/saga"
)

func TestValidateNamesFieldValueAndBound(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(*saga.Definition[*trip])
		want  string
	}{
		{"nothing wrong", func(*saga.Definition[*trip]) {}, ""},
		{"no steps", func(d *saga.Definition[*trip]) { d.Steps = nil }, `saga "trip": Steps: has 0, must have 1 to 50`},
		{"too many steps", func(d *saga.Definition[*trip]) { d.Steps = make([]saga.Step[*trip], 51) }, `saga "trip": Steps: has 51, must have 1 to 50`},
		{"an unknown pivot", func(d *saga.Definition[*trip]) { d.Pivot = "train" }, `saga "trip": Pivot: "train" is none of the steps`},
		{"no name", func(d *saga.Definition[*trip]) { d.Steps[1].Name = "" }, `saga "trip": Steps[1].Name: "" must have 1 to 100 bytes`},
		{"a long undo name", func(d *saga.Definition[*trip]) { d.Steps[1].UndoName = strings.Repeat("u", 101) }, `saga "trip": Steps[1].UndoName: "` + strings.Repeat("u", 101) + `" must have at most 100 bytes`},
		{"a name twice", func(d *saga.Definition[*trip]) { d.Steps[3].Name = "hotel" }, `saga "trip": Steps[3].Name: "hotel" is taken by an earlier step`},
		{"no do", func(d *saga.Definition[*trip]) { d.Steps[0].Do = nil }, `saga "trip": Steps[0].Do: must be set (step "hotel")`},
		{"no undo at the pivot", func(d *saga.Definition[*trip]) { d.Steps[2].Undo = nil }, `saga "trip": Steps[2].Undo: must be set up to the pivot, to Nothing if nothing is left (step "car")`},
		{"no undo without a pivot", func(d *saga.Definition[*trip]) { d.Pivot = "" }, `saga "trip": Steps[3].Undo: must be set up to the pivot, to Nothing if nothing is left (step "tickets")`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			def := inlineTrip()
			test.spoil(&def)
			got := ""
			if err := def.Validate(); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("error is\n%s, want\n%s", got, test.want)
			}
		})
	}
}

func TestRunOfAnInvalidDefinitionDoesNothing(t *testing.T) {
	t.Parallel()
	state := newTrip()
	def := inlineTrip()
	def.Pivot = "train"
	log, err := run(t, newEnv(state), def, state)
	if err == nil || log != nil {
		t.Errorf("log %v, error %v, want an error alone", log, err)
	}
	check(t, "calls", state.calls, nil)
}
