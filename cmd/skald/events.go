package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/picture"
)

type eventsCommand struct {
	Tail tailCommand `cmd:"" help:"Print events as they appear on Kafka, until Ctrl-C."`
}

type tailCommand struct {
	Kafka []string `help:"Kafka brokers to begin with." default:"127.0.0.1:9092" env:"SKALD_KAFKA"`
	kafkaSecurityFlags
	From  string `help:"Where to begin: start, with the oldest event that Kafka keeps; end, with the next." enum:"start,end" default:"end"`
	Order string `help:"Only events of this order." placeholder:"ID"`
	outputFlag
}

func (tailCommand) Help() string {
	return fmt.Sprintf(`Reads %s and %s without a consumer group, so it disturbs nobody. Events of one order come in order within a topic; between the two topics the sequence orders them. As JSON, one event per line.`,
		skald.TopicEvents, skald.TopicCompensations)
}

// Example is what one order wrote, and what it still will.
func (tailCommand) Example() string { return "skald events tail --from start --order first" }

// answerTime is how long Kafka may take to say which topics there are.
const answerTime = 10 * time.Second

// Run follows until ctx is done, which is no error.
func (t *tailCommand) Run(ctx context.Context, con *console) error {
	tail, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer tail.Close()
	for {
		event, topic, err := tail.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case topic == "":
			return err
		case err != nil: // one message of somebody else's must not end the tail
			con.notef("skipped a message on %s: %v\n", topic, err)
		case t.Order != "" && t.Order != event.Subject:
		default:
			if err := t.print(con, event, topic); err != nil {
				return err
			}
		}
	}
}

func (t *tailCommand) open(ctx context.Context) (*app.Tail, error) {
	from := app.TailFromEnd
	if t.From == "start" {
		from = app.TailFromStart
	}
	security, err := t.kafka()
	if err != nil {
		return nil, err
	}
	opening, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	tail, err := app.OpenTail(opening, app.TailOptions{Kafka: t.Kafka, Security: security, From: from})
	if err != nil {
		return nil, advise(err, "Is %s a Kafka that skald uses? Start skald with `skald dev`, or say where Kafka is with --kafka or SKALD_KAFKA.", strings.Join(t.Kafka, ","))
	}
	return tail, nil
}

func (t *tailCommand) print(con *console, event skald.Event, topic string) error {
	if t.json() {
		return con.line(lineOf(event, topic))
	}
	con.printf("%s  %s%s\n", con.palette.faint(event.Time.Local().Format("15:04:05.000")), event.Subject, con.eventLine(event, ""))
	return nil
}

// eventJSON is an event on a line of its own.
type eventJSON struct {
	Topic       string          `json:"topic"`
	ID          string          `json:"id"`
	Kind        skald.Kind      `json:"kind"`
	Subject     string          `json:"subject"`
	Sequence    int64           `json:"sequence,omitempty"` // none for stock.received
	Time        time.Time       `json:"time"`
	CausationID string          `json:"causation_id,omitempty"`
	Injected    bool            `json:"fault_injected,omitempty"`
	Data        json.RawMessage `json:"data"`
}

func lineOf(event skald.Event, topic string) eventJSON {
	return eventJSON{topic, event.ID, event.Kind, event.Subject, event.Sequence, event.Time, event.CausationID, event.FaultInjected, event.Data}
}

// eventLine is one event for people. Undos differ by sign and colour: a log
// file and a reader who sees no colours have the sign.
func (c *console) eventLine(event skald.Event, passed string) string {
	sign, paint := "→", c.palette.do
	switch {
	case event.Kind == skald.KindOrderConfirmed:
		sign, paint = "✓", c.palette.good
	case event.Kind.Final():
		sign, paint = "✗", c.palette.bad
	case event.Kind.Topic() == skald.TopicCompensations:
		sign, paint = "↩", c.palette.undo
	}
	caption := picture.Caption(event)
	if event.FaultInjected {
		caption = strings.TrimSpace(caption + " (fault injected)")
	}
	line := fmt.Sprintf("  %2d %s %s", event.Sequence, paint(sign), paint(fmt.Sprintf("%-22s", event.Kind)))
	if event.Sequence == 0 { // stock.received belongs to no order
		line = fmt.Sprintf("   - %s %s", paint(sign), paint(fmt.Sprintf("%-22s", event.Kind)))
	}
	if passed == "" {
		return line + " " + caption
	}
	return fmt.Sprintf("%s %-52s %s", line, caption, c.palette.faint("+"+passed))
}
