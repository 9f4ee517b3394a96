package sagatest

import (
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

// T is what Exhaust needs of a test. A *testing.T runs each case as a subtest of
// its own; any other T hears of failures by their case's name.
type T interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
}

// Exhaust runs the saga that def declares once for every case and reports each
// case whose run breaks a promise of the kit, or an invariant of the world. state
// makes the state of one run; if S is a pointer, a new one each time.
func Exhaust[S any](t T, def saga.Definition[S], state func() S, o Options) {
	t.Helper()
	exhaust(t, subject{workflow: func(ctx workflow.Context) error {
		_, err := def.Run(ctx, state())
		return err
	}}, o)
}

// ExhaustWorkflow is Exhaust for a workflow that runs one saga, with what it does
// around it. args are its arguments.
func ExhaustWorkflow(t T, o Options, fn any, args ...any) {
	t.Helper()
	exhaust(t, subject{workflow: fn, args: args}, o)
}

func exhaust(t T, s subject, o Options) {
	t.Helper()
	if err := o.Validate(); err != nil {
		t.Errorf("%v", err)
		return
	}
	s.began = time.Now().Add(ahead).UTC().Truncate(time.Second)
	x := &exhaustion{subject: s, options: o.withDefaults(), plot: &plot{}}
	plain := scenario{Name: "nothing fails"}
	if !x.report(t, plain, x.look(plain)) {
		return // every other case would say the same
	}
	cases := x.cases(t)
	failed := 0
	for _, c := range cases {
		if !x.run(t, c) {
			failed++
		}
	}
	t.Logf("sagatest: %d cases, %d failed; the saga has %d steps, whose actions call %d activities, and %d are called around them",
		len(cases)+1, failed, len(x.plot.Steps), len(x.plot.dos)+len(x.plot.undos), len(x.plot.others))
}

// exhaustion is one call of Exhaust.
type exhaustion struct {
	subject subject
	options Options
	plot    *plot
}

// run tries a case, as a subtest where there are some.
func (x *exhaustion) run(t T, c scenario) bool {
	t.Helper()
	if runner, ok := t.(interface {
		Run(name string, test func(*testing.T)) bool
	}); ok {
		return runner.Run(c.Name, func(t *testing.T) { x.report(t, c, x.try(c)) })
	}
	return x.report(t, c, x.try(c))
}
