package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/picture"
)

// liveTick is how often the time that has passed is drawn anew.
const liveTick = 200 * time.Millisecond

// live is a board on a terminal, with the events above it. It takes the board's
// lines back before it writes anything else.
type live struct {
	con   *console
	board *board
	drawn int // lines of the board that are on the screen
}

// heard is what came of a stream: an event, or why its connection broke, or the
// error that ended it.
type heard struct {
	event  client.Streamed
	broken error
	err    error
}

// watchLive shows an order until its last event.
func watchLive(ctx context.Context, con *console, api *client.Client, orderID string) error {
	listening, stop := context.WithCancel(ctx)
	news := listen(listening, api, orderID)
	defer func() {
		stop()
		for range news { // until the listener has ended
		}
	}()
	view := &live{con: con, board: newBoard(orderID)}
	tick := time.NewTicker(liveTick)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			view.draw("")
		case one, more := <-news:
			switch {
			case !more:
				return endWith(view.board.status)
			case one.err != nil:
				return openUnlessFailed(ctx, one.err)
			}
			view.tell(one)
		}
	}
}

// listen follows an order in a goroutine, which ends with ctx or the stream and
// then closes the channel.
func listen(ctx context.Context, api *client.Client, orderID string) <-chan heard {
	news := make(chan heard)
	pass := func(one heard) {
		select {
		case news <- one:
		case <-ctx.Done():
		}
	}
	go func() {
		defer close(news)
		broken := func(err error) { pass(heard{broken: err}) }
		for event, err := range api.FollowOrder(ctx, orderID, 0, broken) {
			pass(heard{event: event, err: err})
		}
	}()
	return news
}

func (l *live) tell(one heard) {
	if one.broken != nil {
		l.board.note = fmt.Sprintf("lost the stream (%v); going on where it was", one.broken)
		l.draw("")
		return
	}
	event := factOf(one.event.Event)
	l.board.tell(event)
	l.draw(l.con.eventLine(event, picture.Since(l.board.began, event.Time)))
}

// draw replaces the board, with a line above it that stays, if there is one. It
// is one write, so that a terminal shows no half of it.
func (l *live) draw(above string) {
	var screen strings.Builder
	if l.drawn > 0 {
		fmt.Fprintf(&screen, "\x1b[%dA\x1b[J", l.drawn) // up, and clear what is below
	}
	if above != "" {
		screen.WriteString(above + "\n")
	}
	lines := l.board.lines(l.con, time.Now())
	screen.WriteString(strings.Join(lines, "\n") + "\n")
	l.drawn = len(lines)
	l.con.printf("%s", screen.String())
}
