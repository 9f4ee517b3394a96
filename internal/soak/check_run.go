package soak

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/skald-saga/skald"
)

// confirmedAtLeast is the share of the orders that must have been sold, in
// percent: the plan has about 80 that can be, and a fault may cost some their
// acceptance.
const confirmedAtLeast = 25

func runCheckers() []Checker {
	return []Checker{
		{Name: "faults_fired", Promise: "every planned fault came about, and was taken back", Check: faultsFired},
		{Name: "orders_struck", Promise: "every order that brought faults along was struck by them", Check: ordersStruck, Vacuous: true},
		{Name: "enough_sold", Promise: "the run was not all refusals: enough orders were confirmed, during faults and after them", Check: enoughSold},
	}
}

func faultsFired(b *Bundle, v *Verdict) {
	fired := map[int]Fired{}
	for _, done := range b.Fired {
		fired[done.Number] = done
	}
	for number, fault := range b.Plan.Faults {
		v.Looked++
		done, there := fired[number]
		switch {
		case !there:
			v.violated("fault %d (%s on %s) never came about", number, fault.Kind, fault.On)
		case done.Error != "":
			v.violated("fault %d (%s on %s): %s", number, fault.Kind, fault.On, done.Error)
		case fault.On == Link && done.Hits == 0:
			v.violated("fault %d (%s on %s) met no request", number, fault.Kind, fault.On)
		case fault.Kind.harms() && done.Hits == 0:
			v.violated("fault %d (%s on %s) was met by nothing", number, fault.Kind, fault.On)
		}
	}
}

func enoughSold(b *Bundle, v *Verdict) {
	confirmed := 0
	for _, order := range b.Orders {
		if order.Order.Status == string(skald.StatusConfirmed) {
			confirmed++
		}
	}
	v.Looked = len(b.Plan.Orders)
	if confirmed*100 < confirmedAtLeast*len(b.Plan.Orders) {
		v.violated("%d of %d planned orders were confirmed, must be %d %%", confirmed, len(b.Plan.Orders), confirmedAtLeast)
	}
}

// cutOffAtMost is how many in a hundred orders may miss their fault because a
// process ended in the attempt that it was for.
const cutOffAtMost = 5

// ordersStruck is vacuous for a plan without such orders, or when none of them
// was accepted.
func ordersStruck(b *Bundle, v *Verdict) {
	existing, placed := b.byCustomer(), b.answered(OpPlace)
	var cutOff []string
	for number, order := range b.Plan.Orders {
		if order.Struck == nil {
			continue
		}
		for _, there := range existing[order.Body.CustomerID] {
			v.Looked++
			switch missed := fmt.Sprintf("order %s was never struck by %s", there.Order.ID, order.Struck.Faults); {
			case there.Order.FaultInjected:
			case b.endedMeanwhile(there):
				cutOff = append(cutOff, missed)
			default:
				v.violated("%s", missed)
			}
		}
		for _, refused := range placed[number].fail {
			if refused.Status == http.StatusBadRequest {
				v.violated("order %s was refused because of its faults: %s", order.Body.ID, refused.Error)
			}
		}
	}
	if len(cutOff)*100 <= cutOffAtMost*v.Looked {
		return
	}
	for _, missed := range cutOff {
		v.violated("%s", missed)
	}
}

// endedMeanwhile reports whether a process was ended while the order was under
// way. A first attempt that ends so is over, and its fault with it: a kill right
// behind a commit leaves the commit, and nobody to strike.
func (b *Bundle) endedMeanwhile(order OrderRecord) bool {
	if len(order.Timeline) == 0 {
		return false
	}
	from, until := b.since(order.Timeline[0].Time), b.since(order.Timeline[len(order.Timeline)-1].Time)
	return slices.ContainsFunc(b.Fired, func(f Fired) bool {
		return (f.Kind == FaultKill || f.Kind == FaultRestart) && f.From <= until && f.Until >= from
	})
}
