package remote

import (
	"context"
	"fmt"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/check"
)

// forgeries are the rules about signatures: what skald did not sign, or did not
// sign just now, must not be carried out.
func (o CheckOptions) forgeries() []judge {
	return []judge{
		o.forged("a request without a signature is not carried out", func(c *client) { c.keys = nil }),
		o.forged("a request signed with another secret is not carried out", func(c *client) {
			c.keys = [][]byte{make([]byte, maxSecretBytes)}
		}),
		o.forged("a request signed an hour ago is not carried out", func(c *client) {
			c.now = func() time.Time { return time.Now().Add(-time.Hour) }
		}),
		o.forged("a signature for one key is no good for another", func(c *client) {
			c.idOf = func(o operation, _ string) string { return messageID(o, check.NewKey()) }
		}),
		o.forged("a signature for one operation is no good for another", func(c *client) {
			c.idOf = func(o operation, key string) string { return messageID(lookupOf(o), key) }
		}),
	}
}

// forged sends a charge or a booking that skald would not send, and wants
// nothing to be known about it afterwards.
func (o CheckOptions) forged(name string, forge func(*client)) judge {
	return func(ctx context.Context) check.Result {
		key := check.NewKey()
		c, ask, err := o.ask(key)
		if err != nil {
			return check.Result{Name: name, Detail: err.Error()}
		}
		honest := *c
		forge(c)
		if _, err := c.do(ctx, ask); err == nil {
			return check.Result{Name: name, Detail: "it was carried out"}
		}
		record, err := honest.lookup(ctx, call{operation: lookupOf(ask.operation), key: key})
		if err != nil {
			return check.Result{Name: name, Detail: err.Error()}
		}
		if record.State != provider.StateUnknown {
			return check.Result{Name: name, Detail: fmt.Sprintf("its key is %s afterwards, want unknown", record.State)}
		}
		return check.Result{Name: name, OK: true}
	}
}

// ask is a request that the service carries out, and a client to send it with.
func (o CheckOptions) ask(key string) (*client, call, error) {
	if o.Kind == KindCarrier {
		carrier, err := NewCarrier(o.Options)
		if err != nil {
			return nil, call{}, err
		}
		return carrier.client, call{operation: book, key: key, body: bookBody{
			OrderID: "check", ShipTo: o.Served, Items: []skald.Quantity{{SKU: "boat", Quantity: 1}},
		}}, nil
	}
	payment, err := NewPayment(o.Options)
	if err != nil {
		return nil, call{}, err
	}
	return payment.client, call{operation: charge, key: key, body: chargeBody{
		OrderID: "check", Amount: skald.Money{Minor: 1234, Currency: "EUR"}, Token: o.Approved,
	}}, nil
}

func lookupOf(o operation) operation {
	if o == book {
		return lookupBooking
	}
	return lookupCharge
}
