package main

import (
	"context"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/picture"
)

type watchOrderCommand struct {
	ID string `arg:"" optional:"" help:"The order's ID. Without it, every order is followed, from now until Ctrl-C."`
	serverFlag
	outputFlag
}

// Help explains the view and the exit codes.
func (watchOrderCommand) Help() string {
	return `Shows what has happened to an order and what happens next, until its last event. On a terminal the state of each step is kept up to date below the events; elsewhere it prints one line per event; as JSON, one event per line, as events tail does. It needs the HTTP API only, and goes on by itself after a lost connection.

The exit code is the order's end: 0 confirmed, 3 rejected, 4 failed, 5 cancelled; 6 when it was stopped before the end.`
}

// Example is an order that ends at once.
func (watchOrderCommand) Example() string { return "skald order watch first" }

// Run follows the order to its end.
func (w *watchOrderCommand) Run(ctx context.Context, con *console) error {
	return w.call(func(api *client.Client) error {
		switch {
		case w.ID == "":
			return w.all(ctx, con, api)
		case con.screen && !w.json():
			return watchLive(ctx, con, api, w.ID)
		}
		return w.lines(ctx, con, api)
	})
}

// all follows every order; Ctrl-C is no error.
func (w *watchOrderCommand) all(ctx context.Context, con *console, api *client.Client) error {
	tail := tailCommand{outputFlag: w.outputFlag}
	for streamed, err := range api.FollowEvents(ctx, client.EventFilter{}, con.lostConnection) {
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		event := factOf(streamed.Event)
		if err := tail.print(con, event, event.Kind.Topic()); err != nil {
			return err
		}
	}
	return nil
}

// lines prints events one below the other.
func (w *watchOrderCommand) lines(ctx context.Context, con *console, api *client.Client) error {
	var first, last skald.Event
	for streamed, err := range api.FollowOrder(ctx, w.ID, 0, con.lostConnection) {
		if err != nil {
			return openUnlessFailed(ctx, err)
		}
		last = factOf(streamed.Event)
		if first.ID == "" {
			first = last
		}
		if err := w.line(con, last, picture.Since(first.Time, last.Time)); err != nil {
			return err
		}
	}
	status, _ := endOf(last.Kind)
	return endWith(status)
}

// openUnlessFailed is the end of a watch that did not see the order's: the
// user's Ctrl-C, or what went wrong.
func openUnlessFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &ended{exitOpen}
	}
	return err
}

func (w *watchOrderCommand) line(con *console, event skald.Event, passed string) error {
	if w.json() {
		return con.line(lineOf(event, event.Kind.Topic()))
	}
	con.printf("%s\n", con.eventLine(event, passed))
	if event.Kind == skald.KindOrderNeedsAttention {
		con.notef("It waits for a person: %s\n", whatToDecide(event.Subject))
	}
	return nil
}

func whatToDecide(orderID string) string { return "skald incident list --order " + orderID }

func (c *console) lostConnection(err error) {
	c.notef("Lost the stream of events (%v); going on where it was.\n", err)
}

// factOf is an event of the API as the domain knows it.
func factOf(event client.Event) skald.Event {
	return skald.Event{
		ID: event.ID, Kind: skald.Kind(event.Kind), Subject: event.Subject, Sequence: event.Sequence,
		Time: event.Time, CausationID: event.CausationID, FaultInjected: event.FaultInjected, Data: event.Data,
	}
}
