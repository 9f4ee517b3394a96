package inject

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/skald-saga/skald/internal/fault"
)

// maxPeek bounds what Gateway reads of a body to know its order: more than any
// order that the gateway takes.
const maxPeek = 512 << 10

// placePath is where orders are placed.
const placePath = "/v1/orders"

// Gateway wraps the whole HTTP API. It answers a request that carries
// fault.Header when it may not: a fault that is silently ignored makes a test
// pass for nothing. It hands on what the header says in the request's context
// (fault.CallOf), and strikes where an order is placed: an abort before is an
// honest "not accepted", one after cuts the connection when the order is stored.
// With a nil engine it only answers the header.
func Gateway(e *fault.Engine, next http.Handler) http.Handler {
	return GatewayAnswering(e, next, problem)
}

// Answer writes the problem that a request was answered with instead. The order
// was not accepted.
type Answer func(w http.ResponseWriter, r *http.Request, status int, detail string, retryAfter time.Duration)

// GatewayAnswering is Gateway for an API that has problems of its own.
func GatewayAnswering(e *fault.Engine, next http.Handler, answer Answer) http.Handler {
	return &struckGateway{e, next, answer}
}

type struckGateway struct {
	engine *fault.Engine
	next   http.Handler
	answer Answer
}

// ServeHTTP implements http.Handler.
func (g *struckGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	places := r.Method == http.MethodPost && r.URL.Path == placePath
	carried, err := g.carried(r, places)
	if err != nil {
		g.answer(w, r, http.StatusBadRequest, fault.Header+": "+err.Error(), 0)
		return
	}
	call := fault.Call{Point: fault.PointAccept, Carried: carried}
	if !places || g.engine.Idle(&call) {
		g.next.ServeHTTP(w, r)
		return
	}
	g.strike(w, r, call)
}

func (g *struckGateway) carried(r *http.Request, places bool) (fault.Carried, error) {
	values := r.Header.Values(fault.Header)
	switch {
	case len(values) == 0:
		return fault.Carried{}, nil
	case !places:
		return fault.Carried{}, errors.New("only an order that is placed carries faults")
	case len(values) > 1:
		return fault.Carried{}, errors.New("is given twice: separate rules with semicolons")
	}
	return fault.ParseCarried(values[0], g.engine.Policy(), time.Now())
}

func (g *struckGateway) strike(w http.ResponseWriter, r *http.Request, call fault.Call) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPeek+1))
	rest := r.Body
	if err != nil || len(body) > maxPeek { // the gateway finds out what is wrong with it
		r.Body = readCloser{io.MultiReader(bytes.NewReader(body), rest), rest}
		g.next.ServeHTTP(w, r)
		return
	}
	call = identify(call, r, body)
	ctx := fault.WithCall(r.Context(), call)
	answered, err := fault.Do(ctx, g.engine, call, func(ctx context.Context) (*recorded, error) {
		again := r.Clone(ctx)
		again.Body = io.NopCloser(bytes.NewReader(body))
		answer := &recorded{header: http.Header{}, status: http.StatusOK}
		g.next.ServeHTTP(answer, again)
		return answer, nil
	})
	if injected, ok := fault.AsError(err); ok {
		g.refuse(w, r, injected)
		return
	}
	answered.copyTo(w)
}

// identify names the order by its own ID, or by the idempotency key while it has
// none: repeats of one request must be arrivals of the same thing.
func identify(call fault.Call, r *http.Request, body []byte) fault.Call {
	var order struct {
		ID    string `json:"id"`
		Items []struct {
			SKU string `json:"sku"`
		} `json:"items"`
	}
	// What cannot be read is no order, and the gateway says so.
	_ = json.Unmarshal(body, &order)
	call.Order = order.ID
	if call.Order == "" {
		call.Order = r.Header.Get("Idempotency-Key")
	}
	call.SKUs = func(context.Context) []string {
		var skus []string
		for _, item := range order.Items {
			skus = append(skus, item.SKU)
		}
		return skus
	}
	return call
}
