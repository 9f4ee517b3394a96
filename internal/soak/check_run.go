package soak

import (
	"net/http"

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

// ordersStruck is vacuous for a plan without such orders, or when none of them
// was accepted.
func ordersStruck(b *Bundle, v *Verdict) {
	existing, placed := b.byCustomer(), b.answered(OpPlace)
	for number, order := range b.Plan.Orders {
		if order.Struck == nil {
			continue
		}
		for _, there := range existing[order.Body.CustomerID] {
			v.Looked++
			if !there.Order.FaultInjected {
				v.violated("order %s was never struck by %s", there.Order.ID, order.Struck.Faults)
			}
		}
		for _, refused := range placed[number].fail {
			if refused.Status == http.StatusBadRequest {
				v.violated("order %s was refused because of its faults: %s", order.Body.ID, refused.Error)
			}
		}
	}
}
