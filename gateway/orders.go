package gateway

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
)

// Orders is what the gateway asks about orders. Errors are those of package
// skald; any other error means that the outcome is unknown.
type Orders interface {
	// PlaceOrder accepts order, or answers replayed and the order as it is now
	// when it was accepted before. It errors with skald.ErrKeyReused or
	// skald.ErrOrderConflict.
	PlaceOrder(ctx context.Context, order skald.Order, with skald.Submission) (now skald.OrderState, replayed bool, err error)
	// Order errors with skald.ErrNotFound.
	Order(ctx context.Context, id string) (skald.OrderState, error)
	// Orders is newest first.
	Orders(ctx context.Context, query skald.OrderQuery) ([]skald.OrderState, error)
	// Events is by sequence. It errors with skald.ErrNotFound.
	Events(ctx context.Context, orderID string, afterSequence int64) ([]skald.Event, error)
}

func (g *Gateway) addOrders(api huma.API) {
	g.addPlace(api)
	register(g, api, huma.Operation{
		OperationID: "get-order",
		Method:      http.MethodGet,
		Path:        pathOrders + "/{id}",
		Summary:     "Get an order",
		Description: "Read from the store: it answers with Kafka, Temporal and every worker down.",
		Tags:        []string{"orders"},
		Errors:      []int{http.StatusNotFound},
		Responses:   map[string]*huma.Response{"304": {Description: "It has not changed since If-None-Match."}},
	}, g.getOrder)
	register(g, api, huma.Operation{
		OperationID: "list-orders",
		Method:      http.MethodGet,
		Path:        pathOrders,
		Summary:     "List orders",
		Description: "Newest first. The Link header has the next page.",
		Tags:        []string{"orders"},
	}, g.listOrders)
	g.addTimeline(api)
}

type getOrderInput struct {
	ID          string `path:"id" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
	IfNoneMatch string `header:"If-None-Match" doc:"ETags that you have."`
}

type getOrderOutput struct {
	Status       int
	ETag         string `header:"ETag" doc:"Changes whenever the order does."`
	CacheControl string `header:"Cache-Control"`
	Body         Order
}

func (g *Gateway) getOrder(ctx context.Context, in *getOrderInput) (*getOrderOutput, error) {
	state, err := g.orders.Order(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	body, err := g.tell(state)
	if err != nil {
		return nil, err
	}
	out := &getOrderOutput{Status: http.StatusOK, ETag: etag(state), CacheControl: "private, no-cache", Body: body}
	if matches(in.IfNoneMatch, out.ETag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}
