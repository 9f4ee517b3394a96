package soak

import (
	"encoding/json"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

func moneyAndStockCheckers() []Checker {
	return []Checker{
		{Name: "conservation", Promise: "in every reading of stock, on hand, reserved and shipped make up what was received, and none is negative", Check: conservation},
		{Name: "no_oversell", Promise: "what is shipped of a SKU is what confirmed orders have of it, nothing stays reserved, and never more than was received", Check: noOversell},
		{Name: "stock_linearizable", Promise: "reserving, releasing, shipping, receiving and reading a SKU happened one after the other, each between its beginning and its end", Check: stockLinearizable},
		{Name: "money", Promise: "an order is charged its total at most once, and is given back exactly that when it does not end confirmed", Check: money},
		{Name: "audit", Promise: "skald audit finds the store, Temporal, the topics and the ledgers of both providers in agreement", Check: audit},
	}
}

func conservation(b *Bundle, v *Verdict) {
	balanced := func(level client.StockLevel) {
		v.Looked++
		if level.OnHand+level.Reserved+level.Shipped != level.Received || min(level.OnHand, level.Reserved, level.Shipped) < 0 {
			v.violated("%s has %d on hand, %d reserved and %d shipped, and received %d", level.SKU, level.OnHand, level.Reserved, level.Shipped, level.Received)
		}
	}
	for _, entry := range b.History {
		if entry.Level != nil {
			balanced(*entry.Level)
		}
	}
	for _, level := range b.Stock {
		balanced(level)
	}
}

// noOversell compares the levels at rest with the orders.
func noOversell(b *Bundle, v *Verdict) {
	sold := map[string]int64{}
	for _, order := range b.Orders {
		if order.Order.Status != string(skald.StatusConfirmed) {
			continue
		}
		for _, item := range order.Order.Items {
			sold[item.SKU] += item.Quantity
		}
	}
	least, most := b.received()
	for _, level := range b.Stock {
		v.Looked++
		if level.Shipped != sold[level.SKU] {
			v.violated("%d of %s are shipped, and confirmed orders have %d", level.Shipped, level.SKU, sold[level.SKU])
		}
		if level.Reserved != 0 {
			v.violated("%d of %s are still reserved, and every order has ended", level.Reserved, level.SKU)
		}
		if level.Received < least[level.SKU] || level.Received > most[level.SKU] {
			v.violated("%d of %s count as received; receipts were %d, or %d with those of which nobody knows", level.Received, level.SKU, least[level.SKU], most[level.SKU])
		}
		delete(sold, level.SKU)
	}
	for sku, quantity := range sold {
		v.violated("%d of %s were sold, and it has no level", quantity, sku)
	}
}

// received is what was booked for certain of each SKU, and what may have been.
// A receipt that is repeated counts once.
func (b *Bundle) received() (least, most map[string]int64) {
	least, most = map[string]int64{}, map[string]int64{}
	certain, possible := map[string]bool{}, map[string]bool{}
	for _, entry := range b.History {
		action, known := b.Plan.action(entry.Action)
		if entry.Op != OpReceive || !known {
			continue
		}
		if !possible[action.Key] {
			possible[action.Key] = true
			most[action.SKU] += action.Quantity
		}
		if entry.Mark == MarkOK && !certain[action.Key] {
			certain[action.Key] = true
			least[action.SKU] += action.Quantity
		}
	}
	return least, most
}

func money(b *Bundle, v *Verdict) {
	for _, order := range b.Orders {
		v.Looked++
		charged, charges := order.sum(skald.KindPaymentCharged)
		refunded, refunds := order.sum(skald.KindPaymentRefunded)
		total := order.Order.Total.Amount
		switch confirmed := order.Order.Status == string(skald.StatusConfirmed); {
		case charges > 1 || refunds > 1:
			v.violated("order %s was charged %d times and refunded %d times", order.Order.ID, charges, refunds)
		case charges == 1 && charged != total, refunds == 1 && refunded != total:
			v.violated("order %s of %s was charged %s and refunded %s", order.Order.ID, total, charged, refunded)
		case confirmed && (charges != 1 || refunds != 0):
			v.violated("order %s is confirmed with %d charges and %d refunds", order.Order.ID, charges, refunds)
		case !confirmed && order.Order.Final() && charges > refunds:
			v.violated("order %s ended %s, was charged and not refunded", order.Order.ID, order.Order.Status)
		}
	}
}

// sum is the amount of the last event of that kind, and how many there are.
func (o OrderRecord) sum(kind skald.Kind) (amount string, count int) {
	for _, event := range o.Timeline {
		if event.Kind == string(kind) {
			amount = data[struct{ Amount client.Money }](event).Amount.Amount
			count++
		}
	}
	return amount, count
}

// auditReport is what of skald audit's JSON counts.
type auditReport struct {
	Looked   map[string]int `json:"looked"`
	Findings []struct {
		Kind    string `json:"kind"`
		OrderID string `json:"order_id"`
		SKU     string `json:"sku"`
		What    string `json:"what"`
		Why     string `json:"why"`
	} `json:"findings"`
	Unanswered []string `json:"unanswered"`
}

// audit reads the report of skald audit: the one view of the providers' ledgers.
func audit(b *Bundle, v *Verdict) {
	var report auditReport
	if err := json.Unmarshal(b.Audit, &report); err != nil {
		v.violated("the audit cannot be read: %v", err)
		return
	}
	for _, looked := range report.Looked {
		v.Looked += looked
	}
	if report.Looked["providers"] == 0 {
		v.violated("the audit looked at no order at the providers")
	}
	for _, finding := range report.Findings {
		v.violated("%s %s%s: %s. %s", finding.Kind, finding.OrderID, finding.SKU, finding.What, finding.Why)
	}
	for _, part := range report.Unanswered {
		v.violated("the audit could not look at %s", part)
	}
}
