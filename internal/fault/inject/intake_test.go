package inject_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/fault/inject"
	"github.com/skald-saga/skald/workers"
)

// What is wrapped is what intake and the relay take.
var (
	_ workers.Orders      = inject.Orders(nil)
	_ workers.SagaStarter = inject.Starter(nil)
	_ workers.Outbox      = inject.Outbox(nil)
)

// desk is a store and a Temporal that write down what they were asked.
type desk struct{ asked []string }

func (d *desk) AdmitOrder(_ context.Context, order skald.Order, _ bool, _ skald.Submission) (skald.OrderState, error) {
	d.asked = append(d.asked, "admit")
	return skald.OrderState{Order: order}, nil
}

func (d *desk) RequestCancel(context.Context, string, string, skald.CancelRequest) (skald.OrderState, error) {
	d.asked = append(d.asked, "cancel")
	return skald.OrderState{}, nil
}

func (d *desk) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	d.asked = append(d.asked, "start")
	return nil, nil
}

func (d *desk) SignalWorkflow(context.Context, string, string, string, any) error {
	d.asked = append(d.asked, "signal")
	return nil
}

// place handles a message as intake does.
func place(ctx context.Context, i inject.Intake, d *desk) error {
	order := skald.Order{ID: "o-1", Items: []skald.Item{{SKU: "SKU-7"}}}
	if _, err := i.Orders(d).AdmitOrder(ctx, order, true, skald.Submission{}); err != nil {
		return err
	}
	_, err := i.Starter(d).ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: order.ID}, "OrderSaga")
	return err
}

func cancel(ctx context.Context, i inject.Intake, d *desk) error {
	if _, err := i.Orders(d).RequestCancel(ctx, "o-1", "", skald.CancelRequest{}); err != nil {
		return err
	}
	return i.Starter(d).SignalWorkflow(ctx, "o-1", "", skald.SignalCancel, nil)
}

func TestIntakeIsStruckBeforeItAdmitsAndAfterItStarts(t *testing.T) {
	t.Parallel()
	for terse, want := range map[string]struct{ place, cancel []string }{
		"intake=abort(unavailable)":                    {nil, nil},
		"intake[attempts=2]=abort(unavailable)":        {[]string{"admit", "start"}, []string{"cancel", "signal"}},
		"intake[sku=SKU-7]=abort(unavailable)":         {nil, []string{"cancel", "signal"}},
		"intake/after=abort(unavailable)":              {[]string{"admit", "start"}, []string{"cancel", "signal"}},
		"intake=duplicate":                             {[]string{"admit", "start", "start"}, []string{"cancel", "signal", "signal"}},
		"intake=delay(1ms)":                            {[]string{"admit", "start"}, []string{"cancel", "signal"}},
		"intake[order=o-2]=panic":                      {[]string{"admit", "start"}, []string{"cancel", "signal"}},
		"intake=corrupt(truncate);reserve_stock=panic": {[]string{"admit", "start"}, []string{"cancel", "signal"}},
	} {
		for name, handle := range map[string]func(context.Context, inject.Intake, *desk) error{"place": place, "cancel": cancel} {
			d := &desk{}
			_ = handle(t.Context(), inject.Intake{Engine: engine(t, terse)}, d)
			if diff := cmp.Diff(map[string][]string{"place": want.place, "cancel": want.cancel}[name], d.asked); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", terse, name, diff)
			}
		}
	}
}

// isA reports whether an error of type E is in err's chain.
func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestALostAnswerOfTemporalLooksLikeTemporals(t *testing.T) {
	t.Parallel()
	for name, is := range map[string]func(error) bool{
		"unavailable": isA[*serviceerror.Unavailable], "timeout": isA[*serviceerror.DeadlineExceeded],
		"resource_exhausted": isA[*serviceerror.ResourceExhausted], "internal": isA[*serviceerror.Internal], "conflict": isA[*serviceerror.Aborted],
	} {
		err := place(t.Context(), inject.Intake{Engine: engine(t, "intake/after[name=mine]=abort("+name+")")}, &desk{})
		if !is(err) || err.Error() != "injected by fault rule mine: "+name+" (after intake, attempt 1)" {
			t.Errorf("%s is %T: %v", name, err, err)
		}
	}
}

func TestAPanicAtIntakeIsIntakesToRecover(t *testing.T) {
	t.Parallel()
	defer func() {
		if _, ok := recover().(*fault.Error); !ok {
			t.Error("no panic")
		}
	}()
	_ = place(t.Context(), inject.Intake{Engine: engine(t, "intake=panic")}, &desk{})
}

func TestIntakeLooksUpWhatAnOrderCarries(t *testing.T) {
	t.Parallel()
	carried, err := fault.ParseCarried("intake/after[attempts=1]=abort(unavailable)", fault.Development(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{}
	i := inject.Intake{Engine: engine(t, ""), CarriedOf: func(_ context.Context, order string) (string, error) {
		return map[string]string{"o-1": carried.String()}[order], nil
	}}
	first, second := place(t.Context(), i, d), place(t.Context(), i, d)
	if !isA[*serviceerror.Unavailable](first) || second != nil {
		t.Errorf("%v, then %v", first, second)
	}
	i.CarriedOf = func(context.Context, string) (string, error) { return "", errors.New("the database is away") }
	d.asked = nil
	if err := place(t.Context(), i, d); text(err) != "look up the faults of order o-1: the database is away" || d.asked != nil {
		t.Errorf("%v, asked %v", err, d.asked)
	}
}
