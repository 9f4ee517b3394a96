package main

import (
	"context"
	"fmt"
	"time"

	"github.com/skald-saga/skald/internal/client"
)

type orderCommand struct {
	Place  placeCommand       `cmd:"" help:"Place an order."`
	Get    getOrderCommand    `cmd:"" help:"Show an order and what happened to it."`
	List   listOrdersCommand  `cmd:"" help:"List orders, newest first."`
	Watch  watchOrderCommand  `cmd:"" help:"Follow an order live, to its end."`
	Plan   planOrderCommand   `cmd:"" help:"Say what a cancel would undo, and change nothing."`
	Cancel cancelOrderCommand `cmd:"" help:"Cancel an order: what was done for it is undone."`
}

type getOrderCommand struct {
	ID string `arg:"" help:"The order's ID."`
	serverFlag
	outputFlag
}

func (getOrderCommand) Help() string {
	return `Prints the order and its events. As JSON it is one document: the order as the API tells it, and its events beside it.`
}

// Example is an order that the page's first example placed.
func (getOrderCommand) Example() string { return "skald order get first" }

// orderWithEvents is what order get prints as JSON.
type orderWithEvents struct {
	client.Order
	Events []client.Event `json:"events"`
}

// Run reads the order, then its events: there may be more of them than the
// order's sequence says, never less.
func (g *getOrderCommand) Run(ctx context.Context, con *console) error {
	return g.call(func(api *client.Client) error {
		order, err := api.Order(ctx, g.ID)
		if err != nil {
			return err
		}
		events, err := api.Events(ctx, g.ID)
		if err != nil {
			return err
		}
		if g.json() {
			return con.document(orderWithEvents{order, events})
		}
		return con.order(order, events)
	})
}

type listOrdersCommand struct {
	Status   string `help:"Only orders with this status." enum:",accepted,processing,compensating,needs_attention,confirmed,rejected,failed,cancelled" default:"" placeholder:"STATUS"`
	Customer string `help:"Only orders of this customer." placeholder:"ID"`
	pageFlags
	serverFlag
	outputFlag
}

// Example is a filter.
func (listOrdersCommand) Example() string {
	return "skald order list --status confirmed --limit 10"
}

// pageFlags are embedded in every command that prints a list.
type pageFlags struct {
	Limit  int    `help:"How many." default:"50" bound:"1..200"`
	Cursor string `help:"Go on where the page before ended." placeholder:"CURSOR"`
}

// Run prints one page.
func (l *listOrdersCommand) Run(ctx context.Context, con *console) error {
	return l.call(func(api *client.Client) error {
		page, err := api.Orders(ctx, client.OrderFilter{Status: l.Status, CustomerID: l.Customer, Limit: l.Limit, Cursor: l.Cursor})
		if err != nil {
			return err
		}
		if l.json() {
			return con.document(page)
		}
		rows := []string{"ORDER\tSTATUS\tTOTAL\tCUSTOMER\tCREATED\tCAUSE"}
		for _, order := range page.Orders {
			rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", order.ID, order.Status, order.Total,
				order.CustomerID, order.CreatedAt.Format(time.RFC3339), because(order.Cause)))
		}
		return con.page(rows, page.NextCursor)
	})
}
