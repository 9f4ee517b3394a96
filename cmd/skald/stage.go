package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/picture"
)

// How long the demo waits.
const (
	readyTime = time.Minute // for everything to be up
	readyTick = 50 * time.Millisecond
	storyTime = 30 * time.Second // for one story to end
)

// stage is where stories are played: it acts over HTTP and watches Kafka, as
// anybody could from outside.
type stage struct {
	con  *console
	json bool
	api  *client.Client
	tail *app.Tail
}

// openStage waits until everything is up and the events can be followed.
func openStage(ctx context.Context, con *console, asJSON bool, at app.Addresses) (*stage, error) {
	api, err := client.New(client.Options{Server: at.API})
	if err != nil {
		return nil, err
	}
	s := &stage{con: con, json: asJSON, api: api}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	err = poll(ctx, func() error { return s.ready(ctx) })
	if err == nil {
		err = poll(ctx, func() error {
			s.tail, err = app.OpenTail(ctx, app.TailOptions{Kafka: at.Kafka, From: app.TailFromEnd})
			return err
		})
	}
	if err != nil {
		api.Close()
		return nil, fmt.Errorf("not everything came up within %s: %w", readyTime, err)
	}
	return s, nil
}

func (s *stage) close() {
	s.tail.Close()
	s.api.Close()
}

func (s *stage) ready(ctx context.Context) error {
	readiness, err := s.api.Ready(ctx)
	if err != nil || readiness.State == client.StateReady {
		return err
	}
	return fmt.Errorf("skald is %s: %v", readiness.State, readiness.Dependencies)
}

// poll asks until it works or ctx is done; then its error is the last one.
func poll(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(readyTick):
		}
	}
}

// receiveStock makes sure that the stories have something to sell.
func (s *stage) receiveStock(ctx context.Context) (client.StockLevel, error) {
	received, err := s.api.Receive(ctx, demoSKU, demoStock, "")
	if err != nil {
		return client.StockLevel{}, fmt.Errorf("receive stock: %w", err)
	}
	s.printf("%d × %s arrive: %d on hand.\n", demoStock, demoSKU, received.Level.OnHand)
	return received.Level, nil
}

// tell places the story's order and prints its events until the last, then
// checks them.
func (s *stage) tell(ctx context.Context, n int, story story) (told, error) {
	ctx, cancel := context.WithTimeout(ctx, storyTime)
	defer cancel()
	s.printf("\n%s %s\n", s.con.palette.strong(fmt.Sprint(n)), s.con.palette.strong(story.title))
	placed, err := s.api.Place(ctx, story.order, "")
	if err != nil {
		return told{}, fmt.Errorf("place order: %w", err)
	}
	events, err := s.follow(ctx, placed.Order.ID)
	if err != nil {
		return told{}, err
	}
	order, err := s.api.Order(ctx, placed.Order.ID)
	if err != nil {
		return told{}, fmt.Errorf("read order: %w", err)
	}
	happened := told{order: order, events: events}
	return happened, story.check(happened)
}

// follow prints the events of an order, in order, until its last.
func (s *stage) follow(ctx context.Context, orderID string) ([]skald.Event, error) {
	chapter := chapter{orderID: orderID}
	for !chapter.ended() {
		event, topic, err := s.tail.Next(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, fmt.Errorf("it has not ended after %s", storyTime)
		}
		if err != nil {
			return nil, err
		}
		if s.json && event.Subject == orderID {
			if err := s.con.line(lineOf(event, topic)); err != nil {
				return nil, err
			}
		}
		for _, event := range chapter.add(event) {
			s.printf("%s\n", s.con.eventLine(event, picture.Since(chapter.told[0].Time, event.Time)))
		}
	}
	return chapter.told, nil
}

// checkBooks says whether the stock is what the stories should have left.
func (s *stage) checkBooks(ctx context.Context, before client.StockLevel) error {
	after, err := s.api.StockLevel(ctx, demoSKU)
	if err != nil {
		return fmt.Errorf("read stock: %w", err)
	}
	s.printf("\n%s %d received = %d on hand + %d reserved + %d shipped\n",
		s.con.palette.strong("stock of "+demoSKU+":"), after.Received, after.OnHand, after.Reserved, after.Shipped)
	return checkLevel(before, after)
}

// printf is for people; with JSON on standard output there is nothing else.
func (s *stage) printf(format string, args ...any) {
	if !s.json {
		s.con.printf(format, args...)
	}
}
