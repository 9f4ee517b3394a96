package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
)

// scopePlace is whose keys these are: the principal, and the route. Everyone
// is anonymous until the API knows principals.
const scopePlace = "anonymous POST " + pathOrders

type placeInput struct {
	Prefer      string `header:"Prefer" example:"wait=10" doc:"wait=N: answer 200 with the final order if it ends within N seconds, at most 30; else 202, as without it."`
	Key         string `header:"Idempotency-Key" pattern:"^[!-~]{1,255}$" doc:"A name for this request that you choose. A repeat with the same key and body within 7 days answers the same order; strongly advised."`
	TraceParent string `header:"traceparent" doc:"W3C trace context. It travels with the order."`
	Fault       string `header:"X-Skald-Fault" maxLength:"4096" example:"charge_payment/after=1*abort(unavailable)" doc:"Faults for this order alone, one or several with ; between them. Refused unless failure injection takes them."`
	Body        NewOrder

	order   skald.Order
	carried string // Fault, as it is stored
}

// Resolve adds what the schema cannot say. Huma calls it even when the schema
// found something, so that everything is named at once.
func (in *placeInput) Resolve(ctx huma.Context) []error {
	id := in.Body.ID
	if id == "" {
		id = newOrderID()
	}
	order, violations := in.Body.order(id)
	in.order = order
	violations = append(violations, checkKey(ctx)...)
	errs := make([]error, len(violations))
	for n, violation := range violations {
		errs[n] = violation.asError()
	}
	return errs
}

func newOrderID() string { return "ord_" + strings.ReplaceAll(newUUID().String(), "-", "") }

// checkKey refuses a key that is there and says nothing, or more than one: the
// client believes itself protected.
func checkKey(ctx huma.Context) []Violation {
	var keys []string
	ctx.EachHeader(func(name, value string) {
		if name == "Idempotency-Key" {
			keys = append(keys, value)
		}
	})
	if len(keys) > 1 || (len(keys) == 1 && keys[0] == "") {
		return []Violation{{Field: fieldKey, Message: "must be one value of 1 to 255 visible ASCII characters, or left out"}}
	}
	return nil
}

func (in *placeInput) submission() skald.Submission {
	submission := skald.Submission{TraceParent: skald.TraceParent(in.TraceParent), Fault: in.carried}
	if in.Key != "" {
		submission.Key = &skald.IdempotencyKey{Scope: scopePlace, Key: in.Key, BodyHash: in.hash()}
	}
	return submission
}

// hash is the body's and, when faults are asked for, theirs: with others, or
// none, it is another request.
func (in *placeInput) hash() string {
	hash := in.Body.hash(in.order)
	if in.Fault == "" {
		return hash
	}
	sum := sha256.Sum256([]byte(hash + " " + in.Fault))
	return hex.EncodeToString(sum[:])
}

type placeOutput struct {
	Status   int
	Location string `header:"Location" doc:"Where the order is."`
	Replayed string `header:"Idempotency-Replayed" enum:"true" doc:"Present when the order was accepted before; the body is the order as it is now."`
	Applied  string `header:"Preference-Applied" doc:"wait=N when the answer was waited for: the status is 200 and the order final."`
	ETag     string `header:"ETag"`
	Body     Order
}

func (g *Gateway) addPlace(api huma.API) {
	register(g, api, huma.Operation{
		OperationID:   "place-order",
		Method:        http.MethodPost,
		Path:          pathOrders,
		Summary:       "Place an order",
		Description:   "202 means that the order is stored and will end in a final status, whatever fails meanwhile. With Prefer: wait=N the answer is 200 and the final order, if it ends in time.",
		Tags:          []string{"orders"},
		DefaultStatus: http.StatusAccepted,
		Errors:        []int{http.StatusConflict},
		Responses:     map[string]*huma.Response{"200": waited(api)},
	}, g.place)
}

func (g *Gateway) place(ctx context.Context, in *placeInput) (*placeOutput, error) {
	if err := in.readFault(g.options.Faults); err != nil {
		return nil, err
	}
	state, replayed, err := g.orders.PlaceOrder(ctx, in.order, in.submission())
	if err != nil {
		return nil, in.lost(err)
	}
	state, applied := g.await(ctx, state)
	body, err := g.tell(state)
	if err != nil {
		return nil, err
	}
	return &placeOutput{
		Status: statusOf(applied), Location: orderPath(state.ID), Replayed: replayedHeader(replayed),
		Applied: applied, ETag: etag(state), Body: body,
	}, nil
}

func replayedHeader(replayed bool) string {
	if replayed {
		return "true"
	}
	return ""
}

// lost is an order of which the store did not say that it is accepted.
func (in *placeInput) lost(err error) *lost {
	id := in.order.ID
	advice := "It is not known whether the order was accepted, and the request had neither Idempotency-Key nor id. " +
		"Repeat it after Retry-After seconds with \"id\": \"" + id + "\" added to the same body: it is accepted once."
	if in.Key != "" || in.Body.ID != "" { // a repeat is recognised
		advice = "It is not known whether the order was accepted. Repeat the request after Retry-After seconds with the same Idempotency-Key or id, and the same body: it is accepted once."
	}
	return &lost{advice: advice, err: fmt.Errorf("place order %s: %w", id, err)}
}
