package main

import (
	"fmt"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/picture"
)

// page prints a table, and how to get the next one.
func (c *console) page(rows []string, next string) error {
	if err := c.table(rows...); err != nil {
		return err
	}
	if next != "" {
		c.printf("more: --cursor %s\n", next)
	}
	return nil
}

// order prints an order for people.
func (c *console) order(order client.Order, events []client.Event) error {
	c.printf("%s  %s\n", c.palette.strong(order.ID), c.status(order.Status))
	rows := []string{
		"  total\t" + order.Total.String(),
		"  customer\t" + order.CustomerID,
	}
	if cause := because(order.Cause); cause != "" {
		rows = append(rows, "  cause\t"+cause)
	}
	if order.Fault != "" {
		rows = append(rows, "  faults\t"+order.Fault)
	}
	if order.FaultInjected {
		rows = append(rows, "  injected\tfailure injection struck it: "+ourName()+" fault log --order "+order.ID)
	}
	if order.Version != "" {
		rows = append(rows, "  version\t"+order.Version)
	}
	if order.Links.Saga != "" {
		rows = append(rows, "  saga\t"+order.Links.Saga)
	}
	if err := c.table(rows...); err != nil {
		return err
	}
	for _, event := range events {
		c.printf("%s\n", c.eventLine(factOf(event), picture.Since(events[0].Time, event.Time)))
	}
	return nil
}

func (c *console) status(status string) string {
	switch known := skald.Status(status); {
	case known == skald.StatusConfirmed:
		return c.palette.good(status)
	case known.Undoing():
		return c.palette.undo(status)
	case known.Final():
		return c.palette.bad(status)
	}
	return c.palette.do(status)
}

func because(cause *client.Cause) string {
	switch {
	case cause == nil:
		return ""
	case cause.Code != "":
		return fmt.Sprintf("%s %s: %s", cause.Step, cause.Kind, cause.Code)
	case cause.Step != "":
		return cause.Step + " " + cause.Kind
	}
	return cause.Kind
}
