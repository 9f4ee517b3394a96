package audit

import (
	"context"
	"fmt"
	"strings"

	"github.com/skald-saga/skald"
)

// stock compares each level with itself and with what it is the sum of.
func (a *Auditor) stock(ctx context.Context, n *notebook) error {
	for after := ""; ; {
		levels, moved, held, err := a.o.Store.AuditStock(ctx, after, page)
		if err != nil {
			return err
		}
		n.looked(PartStock, len(levels))
		for at, level := range levels {
			judgeStock(n, level, moved[at], held[at])
		}
		if len(levels) < page {
			return nil
		}
		after = levels[len(levels)-1].SKU
	}
}

func judgeStock(n *notebook, level, moved, held skald.StockLevel) {
	var differ []string
	compare := func(what string, kept int64, side string, sum int64) {
		if kept != sum {
			differ = append(differ, fmt.Sprintf("%s is %d and %s %d", what, kept, side, sum))
		}
	}
	compare("received", level.Received, "on_hand + reserved + shipped are", level.OnHand+level.Reserved+level.Shipped)
	compare("received", level.Received, "the movements say", moved.Received)
	compare("on_hand", level.OnHand, "the movements say", moved.OnHand)
	compare("reserved", level.Reserved, "the movements say", moved.Reserved)
	compare("shipped", level.Shipped, "the movements say", moved.Shipped)
	compare("reserved", level.Reserved, "the reservations say", held.Reserved)
	compare("shipped", level.Shipped, "the reservations say", held.Shipped)
	if len(differ) > 0 {
		n.note(Finding{
			Kind: StockMismatch, SKU: level.SKU,
			What: fmt.Sprintf("the stock of %s does not add up: %s", level.SKU, strings.Join(differ, "; ")),
			Why:  "each change moves all three in one transaction: rows were changed by hand, or restored without each other",
		})
	}
}
