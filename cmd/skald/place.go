package main

import (
	"context"

	"github.com/skald-saga/skald/internal/client"
)

type placeCommand struct {
	newOrderFlags
	Key   string `help:"Idempotency-Key: a repeat with the same key and order places it once. Default: a new one." placeholder:"KEY"`
	Fault string `help:"Faults for this order alone, as in charge_payment/before=abort(refused,card_declined). skald dev takes them; skald serve only with --faults headers." placeholder:"RULE"`
	waitFlag
	serverFlag
	outputFlag
}

func (placeCommand) Help() string {
	return `The order is stored when this command returns, and then goes its way; skald order get shows how far it is.

The sandbox behind skald knows these payment tokens: tok_visa is approved, tok_declined and tok_insufficient_funds are refused, tok_timeout answers late, and what tok_refund_refused pays cannot be refunded. Its carrier does not serve country AQ.`
}

// Example is one order that is stored, one whose end is waited for, and one that
// is made to fail.
func (placeCommand) Example() string {
	return "skald order place --id first --item mug:2:12.50\nskald order place --item mug:1:12.50 --key basket-4711 --wait\n" +
		"skald order place --id unlucky --item mug:1:12.50 --fault 'charge_payment/before=abort(refused,card_declined)'"
}

// Run places the order.
func (p *placeCommand) Run(ctx context.Context, con *console) error {
	order, err := p.order(con.in)
	if err != nil {
		return err
	}
	order.Fault = p.Fault
	return p.call(func(api *client.Client) error {
		placed, err := api.PlaceAndWait(ctx, order, p.Key, p.waitTime())
		if err != nil {
			return err
		}
		if placed.Replayed && !p.json() {
			con.printf("This order was placed before; this is how it is now.\n")
		}
		return con.sent(placed.Order, p.waitFlag, p.outputFlag)
	})
}
