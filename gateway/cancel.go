package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
)

// Cancels is what the gateway asks about cancels.
type Cancels interface {
	// RequestCancel records that orderID is cancelled, once; a repeat is success.
	// It errors with a *skald.CancelRefused, skald.ErrNotFound or
	// skald.ErrChanged.
	RequestCancel(ctx context.Context, orderID, reason string, with skald.CancelRequest) (skald.OrderState, error)
	// CancelPlan errors with skald.ErrNotFound.
	CancelPlan(ctx context.Context, orderID string) (skald.CancelPlan, error)
}

// NewCancel is the body of POST /v1/orders/{id}/cancel, which may be left out.
type NewCancel struct {
	Reason string `json:"reason,omitempty" maxLength:"500" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" example:"ordered twice" doc:"Why, for people, in at most 500 bytes of UTF-8. It is published in events."`
}

func (g *Gateway) addCancels(api huma.API) {
	if g.options.Cancels == nil {
		return
	}
	register(g, api, huma.Operation{
		OperationID: "cancel-order",
		Method:      http.MethodPost,
		Path:        pathOrders + "/{id}/cancel",
		Summary:     "Cancel an order",
		Description: "202 is binding: the order ends cancelled, and what was done for it is undone. A repeat answers 202 too. " +
			"409 says why it is too late. With Prefer: wait=N the answer is 200 and the final order, if it ends in time.",
		Tags:          []string{"orders"},
		DefaultStatus: http.StatusAccepted,
		Errors:        []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
		Responses:     map[string]*huma.Response{"200": waited(api)},
	}, g.cancel)
	g.addCancelPlan(api)
}

type cancelInput struct {
	ID          string     `path:"id" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
	IfMatch     string     `header:"If-Match" doc:"ETags of the order as you know it: 412 when it is another by now, unless it is cancelled already."`
	Prefer      string     `header:"Prefer" example:"wait=10" doc:"wait=N: answer 200 with the final order if it ends within N seconds, at most 30; else 202, as without it."`
	TraceParent string     `header:"traceparent" doc:"W3C trace context. It travels with the cancel."`
	Body        *NewCancel `required:"false"`
}

// Resolve adds what the schema cannot say.
func (in *cancelInput) Resolve(huma.Context) []error {
	if in.Body == nil {
		return nil
	}
	return lengthErrors("body.reason", in.Body.Reason, skald.MaxReasonLength)
}

func (in *cancelInput) reason() string {
	if in.Body == nil {
		return ""
	}
	return in.Body.Reason
}

type cancelOutput struct {
	Status   int
	Location string `header:"Location" doc:"Where the order is."`
	Applied  string `header:"Preference-Applied" doc:"wait=N when the answer was waited for: the status is 200 and the order final."`
	ETag     string `header:"ETag"`
	Body     Order
}

func (g *Gateway) cancel(ctx context.Context, in *cancelInput) (*cancelOutput, error) {
	seen, err := g.condition(ctx, in)
	if err != nil {
		return nil, err
	}
	with := skald.CancelRequest{Publish: true, TraceParent: skald.TraceParent(in.TraceParent), IfUnchanged: seen}
	state, err := g.options.Cancels.RequestCancel(ctx, in.ID, in.reason(), with)
	if err != nil {
		return nil, &lost{advice: "It is not known whether the cancel was recorded. Repeat it after Retry-After seconds: it is recorded once.", err: err}
	}
	state, applied := g.await(ctx, state)
	body, err := g.tell(state)
	if err != nil {
		return nil, err
	}
	return &cancelOutput{
		Status: statusOf(applied), Location: orderPath(state.ID), Applied: applied, ETag: etag(state), Body: body,
	}, nil
}

// condition is the state that If-Match asks for, nil for any. The store compares
// it under the order's lock. Of several tags only the one that names the order
// as it is now can come true, so that one is looked up.
func (g *Gateway) condition(ctx context.Context, in *cancelInput) (*skald.Version, error) {
	wanted := tags(in.IfMatch)
	if len(wanted) == 0 || wanted[0] == "*" {
		return nil, nil
	}
	tag := wanted[0]
	if len(wanted) > 1 {
		now, err := g.orders.Order(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if current := etag(now); slices.Contains(wanted, current) {
			tag = current
		}
	}
	seen, ok := version(tag)
	if !ok {
		return nil, fmt.Errorf("If-Match of order %s: %w", in.ID, skald.ErrChanged)
	}
	return &seen, nil
}

// cancelRefused is the problem for a cancel that comes too late.
func cancelRefused(refused *skald.CancelRefused) *Problem {
	p := problem(CodeCancelRefused, "It is too late to cancel: %s. Nothing was changed, and repeating the cancel does not help.", refused.Reason)
	p.OrderStatus, p.Reason = string(refused.Status), refused.Reason
	return p
}

// lost is a write of which the store did not say whether it happened, and what
// the client can do about it.
type lost struct {
	advice string
	err    error
}

func (l *lost) Error() string { return l.err.Error() }
func (l *lost) Unwrap() error { return l.err }

// advised puts the advice of a lost write into p.
func advised(p *Problem, err error) *Problem {
	if lost, ok := errors.AsType[*lost](err); ok {
		p.Detail = lost.advice
	}
	return p
}
