package soak

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/skald-saga/skald/internal/client"
)

// What there is to buy.
const (
	plainSKUs  = 24
	hotSKUs    = 8
	bulkSKUs   = 100 // one of each in a huge order
	plentyEach = 1_000_000
	hotEach    = 6 // too few for all who want one
)

// hotReceipt is what arrives of a hot SKU on the way.
const hotReceipt = 3

// stockReadsEach is how many orders come between two readings of stock.
const stockReadsEach = 4

// NewPlan draws a plan. It errors when the options do not Validate.
func NewPlan(o PlanOptions) (Plan, error) {
	if err := o.Validate(); err != nil {
		return Plan{}, err
	}
	o = o.withDefaults()
	g := &generator{
		dice: rand.New(rand.NewPCG(o.Seed, 0x534b414c44)), //nolint:gosec // G404: a plan that can be repeated, not a secret
		plan: Plan{Seed: o.Seed, Processes: o.Processes, Phases: o.phases()},
	}
	g.stock()
	before := g.plan.Phases.WarmUp + g.plan.Phases.Faults
	g.plan.Actions = g.arrivals(o.Rate, before)
	g.plan.Afterwards = g.arrivals(o.Rate, g.plan.Phases.Load)
	g.capabilities(o.Capabilities)
	g.faults()
	g.crowds()
	return g.plan, nil
}

type generator struct {
	dice *rand.Rand
	plan Plan
	able map[string][]FaultKind // by victim: what only it can suffer
	keys int
}

func (g *generator) stock() {
	receive := func(sku string, quantity int64) {
		g.plan.Stock = append(g.plan.Stock, Action{Op: OpReceive, SKU: sku, Quantity: quantity, Key: g.key()})
	}
	for n := range plainSKUs {
		receive(plainSKU(n), plentyEach)
	}
	for n := range hotSKUs {
		receive(hotSKU(n), hotEach)
	}
	for n := range bulkSKUs {
		receive(bulkSKU(n), plentyEach)
	}
}

func plainSKU(n int) string { return fmt.Sprintf("sku-%02d", n) }
func hotSKU(n int) string   { return fmt.Sprintf("hot-%d", n) }
func bulkSKU(n int) string  { return fmt.Sprintf("bulk-%02d", n) }

// key makes an Idempotency-Key that no other run has used.
func (g *generator) key() string {
	g.keys++
	return fmt.Sprintf("soak-%d-%d", g.plan.Seed, g.keys)
}

// arrivals are what is asked for in one part of the run, by time. Orders come by
// chance, as customers do: the gaps are exponentially distributed.
func (g *generator) arrivals(rate float64, during time.Duration) []Action {
	var actions []Action
	for n, at := 0, g.gap(rate); at < during; n, at = n+1, at+g.gap(rate) {
		actions = append(actions, g.customer(at)...)
		if n%stockReadsEach == 0 {
			actions = append(actions, Action{At: at, Op: OpStock, SKU: hotSKU(g.dice.IntN(hotSKUs))})
		}
	}
	sortByTime(actions)
	return actions
}

func sortByTime(actions []Action) {
	slices.SortStableFunc(actions, func(a, b Action) int { return int(a.At - b.At) })
}

func (g *generator) gap(rate float64) time.Duration {
	return time.Duration(g.dice.ExpFloat64() / rate * float64(time.Second))
}

// mix is how many of a hundred orders are of each kind; invalid ones are the
// rest.
var mix = []struct {
	share int
	kind  Kind
}{
	{32, KindNormal}, {8, KindStruck}, {6, KindTimeout}, {2, KindHuge}, {14, KindHot}, {8, KindDeclined}, {6, KindUnserved}, {10, KindCancelled}, {8, KindRepeated},
}

func (g *generator) kind() Kind {
	drawn := g.dice.IntN(100)
	for _, m := range mix {
		if drawn -= m.share; drawn < 0 {
			return m.kind
		}
	}
	return KindInvalid
}

// order adds an order with a body that its kind decides.
func (g *generator) order(kind Kind) int {
	number := len(g.plan.Orders)
	body := client.NewOrder{
		ID: fmt.Sprintf("soak-%d-%d", g.plan.Seed, number), CustomerID: customerOf(number), Currency: "EUR",
		Items:   []client.Item{{SKU: plainSKU(g.dice.IntN(plainSKUs)), Quantity: 1 + g.dice.Int64N(3), UnitPrice: "12.50"}},
		Payment: client.Payment{Token: tokenVisa},
		ShipTo:  client.Address{Name: canaryName, Line1: canaryStreet, City: canaryCity, PostalCode: "101", Country: "IS"},
	}
	g.fit(kind, &body)
	order := Order{Kind: kind, Body: body}
	if kind == KindStruck {
		order.Struck = &strikes[g.dice.IntN(len(strikes))]
	}
	g.plan.Orders = append(g.plan.Orders, order)
	return number
}

func customerOf(order int) string { return fmt.Sprintf("customer-%d", order) }
