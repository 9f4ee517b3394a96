package soak

import (
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/skald-saga/skald/internal/client"
)

// linearTimeout bounds the search for an order of all operations on one SKU.
const linearTimeout = 20 * time.Second

// move is what an operation did to a SKU.
type move struct {
	what     string // receive, reserve, refuse, release, ship or read
	quantity int64
	read     client.StockLevel
}

// level is a SKU's stock in the model.
type level struct{ onHand, reserved, shipped int64 }

// ledger is the model: stock that is changed by one after the other.
var ledger = porcupine.Model{
	Init: func() any { return level{} },
	Step: func(state, input, _ any) (bool, any) {
		before, isLevel := state.(level)
		made, isMove := input.(move)
		if !isLevel || !isMove {
			return false, state
		}
		return before.after(made)
	},
}

// after is the stock after a move, and whether the move could be made.
func (l level) after(m move) (bool, any) {
	switch m.what {
	case "receive":
		return true, level{l.onHand + m.quantity, l.reserved, l.shipped}
	case "reserve":
		return l.onHand >= m.quantity, level{l.onHand - m.quantity, l.reserved + m.quantity, l.shipped}
	case "refuse":
		return l.onHand < m.quantity, l
	case "release":
		return l.reserved >= m.quantity, level{l.onHand + m.quantity, l.reserved - m.quantity, l.shipped}
	case "ship":
		return l.reserved >= m.quantity, level{l.onHand, l.reserved - m.quantity, l.shipped + m.quantity}
	default:
		return l == level{m.read.OnHand, m.read.Reserved, m.read.Shipped}, l
	}
}

// stockLinearizable looks at hot SKUs: of the others there is so much that every
// order of operations would do.
func stockLinearizable(b *Bundle, v *Verdict) {
	for n := range hotSKUs {
		operations := b.operations(hotSKU(n))
		v.Looked += len(operations)
		switch porcupine.CheckOperationsTimeout(ledger, operations, linearTimeout) {
		case porcupine.Illegal:
			v.violated("the %d operations on %s fit no order", len(operations), hotSKU(n))
		case porcupine.Unknown:
			v.violated("no order of the %d operations on %s was found within %s: undecided", len(operations), hotSKU(n), linearTimeout)
		case porcupine.Ok:
		}
	}
}
