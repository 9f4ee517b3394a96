package soak

import (
	"slices"

	"github.com/skald-saga/skald"
)

// endsOf are the ends that a kind of order may have when nobody cancels it.
var endsOf = map[Kind][]skald.Status{
	KindNormal: {skald.StatusConfirmed}, KindTimeout: {skald.StatusConfirmed}, KindHuge: {skald.StatusConfirmed},
	KindCancelled: {skald.StatusConfirmed}, KindRepeated: {skald.StatusConfirmed}, KindRival: {skald.StatusConfirmed},
	KindHot:      {skald.StatusConfirmed, skald.StatusRejected},
	KindDeclined: {skald.StatusRejected}, KindUnserved: {skald.StatusRejected}, KindInvalid: {},
}

func expectedEnd(b *Bundle, v *Verdict) {
	existing, cancels := b.byCustomer(), b.answered(OpCancel)
	for number, order := range b.Plan.Orders {
		for _, there := range existing[order.Body.CustomerID] {
			v.Looked++
			expected, code := slices.Clone(endsOf[order.Kind]), causes[order.Kind]
			if order.Struck != nil {
				expected, code = []skald.Status{order.Struck.End}, order.Struck.Code
			}
			switch c := cancels[number]; {
			case len(c.ok) > 0: // the answer was binding
				expected = []skald.Status{skald.StatusCancelled}
			case len(c.info) > 0:
				expected = append(expected, skald.StatusCancelled)
			}
			if end := skald.Status(there.Order.Status); !slices.Contains(expected, end) {
				v.violated("order %s (%s) ended %s, must be one of %v", there.Order.ID, order.Kind, end, expected)
			}
			refusedBy(there, order.Kind, code, v)
		}
	}
}

// causes are the refusals that end orders of a kind.
var causes = map[Kind]skald.Code{
	KindHot: skald.CodeOutOfStock, KindDeclined: skald.CodeCardDeclined, KindUnserved: skald.CodeAddressNotServed,
}

func refusedBy(o OrderRecord, kind Kind, code skald.Code, v *Verdict) {
	if o.Order.Status != string(skald.StatusRejected) {
		return
	}
	if cause := o.Order.Cause; cause == nil || cause.Code != string(code) {
		v.violated("order %s (%s) was rejected for %v, want %s", o.Order.ID, kind, cause, code)
	}
}
