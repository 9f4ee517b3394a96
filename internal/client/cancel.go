package client

import (
	"context"
	"net/http"
	"time"
)

// CancelOptions are what may come with a cancel.
type CancelOptions struct {
	Reason      string        // for people; it is published in events
	IfUnchanged string        // Order.Version: a *Problem with code changed if the order is another by now
	Wait        time.Duration // for the order's end, whole seconds up to MaxWait; default: do not wait
}

// Cancel cancels an order. The answer is binding: the order ends cancelled. One
// that comes too late is a *Problem with code cancel_refused.
//
// A repeat is success, so an unknown outcome is repeated; with IfUnchanged that
// is left to the caller, who may want to look at the order first.
func (c *Client) Cancel(ctx context.Context, id string, options CancelOptions) (Order, error) {
	asked := call{
		method: http.MethodPost, path: orderPath(id) + "/cancel",
		ifMatch: options.IfUnchanged, once: options.IfUnchanged != "", wait: options.Wait,
		repeat: "read the order: cancel_requested says; without it, cancel again",
	}
	if options.Reason != "" {
		asked.body = struct {
			Reason string `json:"reason"`
		}{options.Reason}
	}
	var order Order
	got, err := c.do(ctx, asked, &order)
	if err != nil {
		return Order{}, err
	}
	order.Version = got.version
	return order, nil
}

// CancelPlan says what a cancel would do now. It promises nothing.
type CancelPlan struct {
	OrderID     string        `json:"order_id"`
	Status      string        `json:"status"`
	Cancellable bool          `json:"cancellable"`
	Reason      string        `json:"reason,omitempty"` // why not
	Undos       []PlannedUndo `json:"undos"`            // in the order in which they would run
}

// PlannedUndo is what one undo would find. Effect is undo, settle (the provider
// was asked and its answer is not known yet) or nothing.
type PlannedUndo struct {
	Undo   string `json:"undo"`
	Step   string `json:"step"`
	Effect string `json:"effect"`
}

// CancelPlan reads what a cancel of the order would do, and changes nothing.
func (c *Client) CancelPlan(ctx context.Context, id string) (CancelPlan, error) {
	var plan CancelPlan
	err := c.get(ctx, orderPath(id)+"/cancel-plan", nil, &plan)
	return plan, err
}
