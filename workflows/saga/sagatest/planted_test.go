package sagatest_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
	"github.com/skald-saga/skald/workflows/saga/sagatest"
)

func TestASagaWithoutAMistakePassesEveryCase(t *testing.T) {
	t.Parallel()
	sagatest.Exhaust(t, booking(), newTrip, sagatest.Options{World: newAgency, Pairs: 50})
}

// mistakes are wrong sagas, each with a case that finds it.
var mistakes = []struct {
	name  string
	plant func(*saga.Definition[*Trip])
	world func() sagatest.World
	found string // a case that must fail
	says  string // in its complaint
}{
	{
		"an undo only of what this run remembers",
		func(d *saga.Definition[*Trip]) {
			d.Steps[1].Do = func(ctx workflow.Context, t *Trip) (string, error) {
				err := saga.Call(ctx, policy(time.Minute), "book_flight", nil, t.Name)
				t.booked["flight"] = err == nil
				return "", err
			}
			d.Steps[1].Undo = func(ctx workflow.Context, t *Trip) (string, error) {
				if !t.booked["flight"] {
					return "nothing to undo", nil
				}
				return call("cancel_flight", 0)(ctx, t)
			}
		},
		nil,
		"book_flight: answer lost after the effect until it is given up",
		"1 flight, must be 0",
	},
	{
		"an undo on the cancelled context",
		func(d *saga.Definition[*Trip]) {
			do, undo := d.Steps[0].Do, d.Steps[0].Undo
			d.Steps[0].Do = func(ctx workflow.Context, t *Trip) (string, error) {
				t.ctxs["hotel"] = ctx
				return do(ctx, t)
			}
			d.Steps[0].Undo = func(_ workflow.Context, t *Trip) (string, error) { return undo(t.ctxs["hotel"], t) }
		},
		nil,
		"the workflow is cancelled while book_flight is about to answer",
		"but it has called nothing: canceled",
	},
	{
		"undos that are crossed",
		func(d *saga.Definition[*Trip]) {
			d.Steps[0].Undo, d.Steps[1].Undo = d.Steps[1].Undo, d.Steps[0].Undo
		},
		nil,
		"book_hotel: is refused",
		"undo book_flight calls cancel_hotel, which is the name of another step or undo",
	},
	{
		"a do that swallows its error",
		func(d *saga.Definition[*Trip]) {
			do := d.Steps[0].Do
			d.Steps[0].Do = func(ctx workflow.Context, t *Trip) (string, error) {
				if _, err := do(ctx, t); err != nil {
					workflow.GetLogger(ctx).Error("no hotel", "error", err)
				}
				return "", nil
			}
		},
		nil,
		"book_hotel: is refused",
		"≠ do book_hotel: failed      do book_hotel: done",
	},
	{
		"an undo that swallows its error",
		func(d *saga.Definition[*Trip]) {
			d.Steps[0].Undo = func(ctx workflow.Context, t *Trip) (string, error) {
				_, _ = call("cancel_hotel", 0)(ctx, t) // the mistake
				return "", nil
			}
		},
		nil,
		"book_flight: is refused, then cancel_hotel: is refused",
		"the saga must name the undos that were refused (cancel_hotel), but returned: compensated",
	},
	{
		"an undo that gives up in an outage",
		func(d *saga.Definition[*Trip]) { d.Steps[0].Undo = call("cancel_hotel", 5*time.Second) },
		nil,
		"book_hotel: is refused, then cancel_hotel: fails 8 times",
		"the saga has given up cancel_hotel",
	},
	{
		"a pivot that is decided from memory",
		func(d *saga.Definition[*Trip]) {
			do := d.Steps[1].Do
			d.Steps[1].Do = func(ctx workflow.Context, t *Trip) (string, error) {
				note, err := do(ctx, t)
				t.booked["flight"] = err == nil
				return note, err
			}
			d.Begin = func(_ workflow.Context, t *Trip, _ saga.Failure) (saga.Verdict, error) {
				if t.booked["flight"] {
					return saga.GoForward, nil
				}
				return saga.Compensate, nil
			}
		},
		nil,
		"the worker dies after the effect of send_tickets, the next one remembers nothing, and the workflow is cancelled meanwhile",
		"1 tickets, must be 0",
	},
	{
		"steps in an order that changes",
		func(d *saga.Definition[*Trip]) {
			do := d.Steps[0].Do
			d.Steps[0].Do = func(ctx workflow.Context, t *Trip) (string, error) {
				_ = workflow.Sleep(ctx, time.Duration(1+rand.IntN(1_000_000))) // the mistake
				return do(ctx, t)
			}
		},
		nil,
		"nothing fails",
		"the workflow is not deterministic: given the same answers, its command 1 is\n    timer of",
	},
	{
		"a saga that waits for nobody",
		func(d *saga.Definition[*Trip]) {
			d.Parked = func(ctx workflow.Context, _ *Trip, _ []saga.Failure) error {
				workflow.GetSignalChannel(ctx, "a person").Receive(ctx, nil)
				return nil
			}
		},
		nil,
		"book_flight: is refused, then cancel_hotel: is refused twice",
		"the workflow is stuck: it waits for something that never comes",
	},
	{
		forgetsUndos, nil, mistaken(forgetsUndos),
		"book_flight: times out until it is given up and lands after the undo",
		"1 flight, must be 0",
	},
	{
		booksTwice, nil, mistaken(booksTwice),
		"book_hotel: answer lost after the effect once",
		"2 hotel, must be 1",
	},
	{
		refusesAgain, nil, mistaken(refusesAgain),
		"book_hotel: answer lost after the effect once",
		"book_hotel failed by itself: the hotel is booked already",
	},
	{
		cancelsTwice, nil, mistaken(cancelsTwice),
		"book_flight: is refused, then cancel_hotel: answer lost after the effect once",
		"-1 hotel, must be 0",
	},
	{
		failsOnNothing, nil, mistaken(failsOnNothing),
		"book_hotel: is refused",
		"cancel_flight failed by itself: there is no flight",
	},
}

func TestEachMistakeIsFoundByTheCaseThatNamesIt(t *testing.T) {
	t.Parallel()
	for _, mistake := range mistakes {
		t.Run(mistake.name, func(t *testing.T) {
			t.Parallel()
			def := booking()
			if mistake.plant != nil {
				mistake.plant(&def)
			}
			world := mistake.world
			if world == nil {
				world = newAgency
			}
			heard := &listener{}
			sagatest.Exhaust(heard, def, newTrip, sagatest.Options{World: world})
			if !slices.Contains(heard.names, mistake.found) {
				t.Fatalf("%q did not fail; those that did:\n%s", mistake.found, strings.Join(heard.names, "\n"))
			}
			if text := heard.failures[mistake.found]; !strings.Contains(text, mistake.says) {
				t.Errorf("%q is not said, but:\n%s", mistake.says, text)
			}
		})
	}
}
