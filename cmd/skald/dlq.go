package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skald-saga/skald/internal/client"
)

type dlqCommand struct {
	List    listLettersCommand    `cmd:"" help:"List dead letters, last parked first."`
	Show    showLetterCommand     `cmd:"" help:"Show a dead letter with its content."`
	Replay  replayLettersCommand  `cmd:"" help:"Put dead letters back where they came from, each once."`
	Discard discardLettersCommand `cmd:"" help:"Settle dead letters without putting them back."`
}

// letterFlags select dead letters.
type letterFlags struct {
	Reason string `help:"Only those with this reason." enum:",schema,key_mismatch,order_conflict,unknown_order,cancel_refused,start_rejected,unknown" default:"" placeholder:"REASON"`
	Order  string `help:"Only those with this key, which should be the order's ID." placeholder:"ID"`
	Since  moment `help:"Only those parked then or later: a time such as 2026-01-31T12:00:00Z, or how long ago, such as 2h." placeholder:"TIME"`
	Until  moment `help:"Only those parked before: as --since." placeholder:"TIME"`
}

func (l letterFlags) filter() client.DeadLetterFilter {
	return client.DeadLetterFilter{Reason: l.Reason, OrderID: l.Order, Since: l.Since.Time, Until: l.Until.Time}
}

// moment is a time, given as such or as how long ago it was.
type moment struct{ time.Time }

// UnmarshalText reads a moment.
func (m *moment) UnmarshalText(text []byte) error {
	if ago, err := time.ParseDuration(string(text)); err == nil {
		m.Time = time.Now().Add(-ago)
		return nil
	}
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("must be a time such as 2026-01-31T12:00:00Z, or how long ago it was, such as 2h")
	}
	m.Time = at
	return nil
}

type listLettersCommand struct {
	State string `help:"Only those in this state." enum:"parked,replayed,discarded,all" default:"parked"`
	letterFlags
	pageFlags
	serverFlag
	outputFlag
}

// Help says what a dead letter is.
func (listLettersCommand) Help() string {
	return `A dead letter is a message on Kafka that skald could never use. It is parked with the reason, so that it holds up nobody, until a person puts it back or discards it. docs/events.md explains the reasons.`
}

// Example is what an operator looks at in the morning.
func (listLettersCommand) Example() string { return "skald dlq list" }

// Run prints one page.
func (l *listLettersCommand) Run(ctx context.Context, con *console) error {
	return l.call(func(api *client.Client) error {
		page, err := api.DeadLetters(ctx, client.DeadLetterList{
			DeadLetterFilter: l.filter(), State: l.State, Limit: l.Limit, Cursor: l.Cursor,
		})
		if err != nil {
			return err
		}
		if l.json() {
			return con.document(page)
		}
		rows := []string{"LETTER\tSTATE\tREASON\tORDER\tPARKED\tREPLAYS\tWHAT WAS WRONG"}
		for _, letter := range page.DeadLetters {
			rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%d\t%s", letter.ID, letter.State, letter.Reason, or(letter.OrderID, "-"),
				letter.ParkedAt.Format(time.RFC3339), letter.ReplayCount, letter.Message))
		}
		return con.page(rows, page.NextCursor)
	})
}

type showLetterCommand struct {
	ID string `arg:"" name:"letter" help:"The dead letter's ID, such as 0-17: partition and offset on the dead letter topic."`
	serverFlag
	outputFlag
}

// Help warns.
func (showLetterCommand) Help() string {
	return `The content is the message as it came: it may hold names and addresses.`
}

// Example is a letter that cannot be read.
func (showLetterCommand) Example() string { return "skald dlq show 0-0" }

// Run prints the letter.
func (s *showLetterCommand) Run(ctx context.Context, con *console) error {
	return s.call(func(api *client.Client) error {
		letter, err := api.DeadLetter(ctx, s.ID)
		if err != nil {
			return err
		}
		if s.json() {
			return con.document(letter)
		}
		return con.letter(letter)
	})
}

func (c *console) letter(letter client.DeadLetterContent) error {
	c.printf("%s  %s\n", c.palette.strong(letter.ID), letter.State)
	rows := []string{
		fmt.Sprintf("  reason\t%s: %s", letter.Reason, letter.Message),
		fmt.Sprintf("  came from\t%s, partition %d, offset %d", letter.Source.Topic, letter.Source.Partition, letter.Source.Offset),
		fmt.Sprintf("  parked\t%s, while skald was to %s it; tried %d×", letter.ParkedAt.Format(time.RFC3339), letter.Stage, letter.Attempts),
		fmt.Sprintf("  replayed\t%d×", letter.ReplayCount),
		fmt.Sprintf("  key\t%q", letter.Key),
	}
	if verdict := letter.Verdict; verdict != nil {
		rows = append(rows, fmt.Sprintf("  verdict\t%s by %s at %s: %s", verdict.State, verdict.Actor, verdict.At.Format(time.RFC3339), or(verdict.Reason, "no reason given")))
	}
	for _, header := range letter.Headers {
		rows = append(rows, fmt.Sprintf("  header\t%s = %q", header.Key, header.Value))
	}
	if err := c.table(rows...); err != nil {
		return err
	}
	if letter.Text == "" {
		c.printf("\n%d bytes; as text: %q\n", letter.ValueBytes, letter.Value)
		return nil
	}
	c.printf("\n%s\n", strings.TrimRight(letter.Text, "\n"))
	return nil
}
