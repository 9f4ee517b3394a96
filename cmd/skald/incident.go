package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skald-saga/skald/internal/client"
)

type incidentCommand struct {
	List    listIncidentsCommand   `cmd:"" help:"List incidents that wait for a decision, oldest first."`
	Show    showIncidentCommand    `cmd:"" help:"Show one incident."`
	Resolve resolveIncidentCommand `cmd:"" help:"Decide about an incident, so that its order can go on."`
}

type listIncidentsCommand struct {
	All   bool   `help:"Also those that were decided."`
	Order string `help:"Only incidents of this order." placeholder:"ID"`
	pageFlags
	serverFlag
	outputFlag
}

// Help says what an incident is.
func (listIncidentsCommand) Help() string {
	return `An incident is an undo that was refused for good, such as a refund that the bank does not make. Its order waits as needs_attention until a person decides; everything else has been undone meanwhile.`
}

// Example is what an operator looks at in the morning.
func (listIncidentsCommand) Example() string { return "skald incident list" }

// Run prints one page.
func (l *listIncidentsCommand) Run(ctx context.Context, con *console) error {
	return l.call(func(api *client.Client) error {
		page, err := api.Incidents(ctx, client.IncidentFilter{OrderID: l.Order, All: l.All, Limit: l.Limit, Cursor: l.Cursor})
		if err != nil {
			return err
		}
		if l.json() {
			return con.document(page)
		}
		rows := []string{"ORDER\tUNDO\tWAITS\tREFUSED\tCODE\tDECISION"}
		for _, incident := range page.Incidents {
			rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%d×\t%s\t%s", incident.OrderID, incident.Undo,
				orText(incident.Open, ageOf(incident), "-"), incident.Refusals, incident.Code, or(incident.Action, "-")))
		}
		return con.page(rows, page.NextCursor)
	})
}

func ageOf(incident client.Incident) string {
	return (time.Duration(incident.AgeSeconds) * time.Second).String()
}

// incidentArgs name one incident.
type incidentArgs struct {
	Order string `arg:"" help:"The order's ID."`
	Undo  string `arg:"" help:"What was refused: cancel_shipping, refund_payment or release_stock." enum:"cancel_shipping,refund_payment,release_stock"`
}

type showIncidentCommand struct {
	incidentArgs
	serverFlag
	outputFlag
}

// Example is a refund that the sandbox refused.
func (showIncidentCommand) Example() string { return "skald incident show stuck refund_payment" }

// Run prints the incident.
func (s *showIncidentCommand) Run(ctx context.Context, con *console) error {
	return s.call(func(api *client.Client) error {
		incident, err := api.Incident(ctx, s.Order, s.Undo)
		if err != nil {
			return err
		}
		return con.incident(incident, s.outputFlag)
	})
}

func (c *console) incident(incident client.Incident, output outputFlag) error {
	if output.json() {
		return c.document(incident)
	}
	state := c.palette.bad("waits for a decision, for " + ageOf(incident))
	if !incident.Open {
		state = c.palette.good("decided")
	}
	c.printf("%s %s  %s\n", c.palette.strong(incident.OrderID), c.palette.strong(incident.Undo), state)
	rows := []string{
		fmt.Sprintf("  refused\t%d×, last at %s", incident.Refusals, incident.OpenedAt.Format(time.RFC3339)),
		fmt.Sprintf("  because\t%s: %s", incident.Code, incident.Message),
	}
	if incident.Action != "" {
		rows = append(rows, "  decision\t"+incident.Action)
	}
	return c.table(rows...)
}

// actorFlag is embedded in every command that decides something.
type actorFlag struct {
	Actor string `help:"Who decides. It is kept with the decision and may be published: a name that your team knows, no e-mail address." required:"" env:"SKALD_ACTOR" placeholder:"NAME"`
}

type resolveIncidentCommand struct {
	incidentArgs
	Action     string `help:"retry: try the undo again. skip: accept that it is not undone. done_outside: it was undone outside skald." enum:"retry,skip,done_outside" required:""`
	Reason     string `help:"Why. It is published in events." required:"" placeholder:"TEXT"`
	Receipt    string `help:"For done_outside: where it is written down, such as the number of the transfer." placeholder:"TEXT"`
	DecisionID string `name:"decision-id" help:"Your name for this decision: a repeat is carried out once. Default: a new one." placeholder:"ID"`
	actorFlag
	serverFlag
	outputFlag
}

// Help says what happens then.
func (resolveIncidentCommand) Help() string {
	return `The first decision counts. Once it is committed, the saga goes on by itself; after a retry the undo may be refused again, which opens the incident again.`
}

// Example is money that was sent back by hand.
func (resolveIncidentCommand) Example() string {
	return "skald incident resolve stuck refund_payment --action done_outside \\\n  --actor ada --reason 'the bank sent it back' --receipt transfer-7"
}

// Validate refuses what the server would, before anything is sent.
func (r *resolveIncidentCommand) Validate() error {
	if r.Action == "done_outside" && r.Receipt == "" {
		return errors.New("--action done_outside needs --receipt: where it is written down, such as the number of the transfer")
	}
	return nil
}

// Run decides.
func (r *resolveIncidentCommand) Run(ctx context.Context, con *console) error {
	return r.call(func(api *client.Client) error {
		incident, err := api.Decide(ctx, r.Order, r.Undo, client.Decision{
			ID: r.DecisionID, Action: r.Action, Actor: r.Actor, Reason: r.Reason, Receipt: r.Receipt,
		})
		if err != nil {
			return err
		}
		return con.incident(incident, r.outputFlag)
	})
}
