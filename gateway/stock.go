package gateway

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
)

// Stock is what the gateway asks about stock.
type Stock interface {
	// Stock is by SKU, starting after afterSKU.
	Stock(ctx context.Context, afterSKU string, limit int) ([]skald.StockLevel, error)
	// StockLevel errors with skald.ErrNotFound.
	StockLevel(ctx context.Context, sku string) (skald.StockLevel, error)
	// ReceiveStock books receipt once. It errors with skald.ErrKeyReused.
	ReceiveStock(ctx context.Context, receipt skald.Receipt) (level skald.StockLevel, replayed bool, err error)
}

// StockLevel is how much of a SKU there is. on_hand + reserved + shipped =
// received.
type StockLevel struct {
	_ struct{} `additionalProperties:"true"`

	SKU      string `json:"sku"`
	OnHand   int64  `json:"on_hand" doc:"Can be sold."`
	Reserved int64  `json:"reserved" doc:"Set aside for orders that are on their way."`
	Shipped  int64  `json:"shipped"`
	Received int64  `json:"received"`
}

// StockPage is one page of levels, by SKU.
type StockPage struct {
	_ struct{} `additionalProperties:"true"`

	Stock      []StockLevel `json:"stock"`
	NextCursor string       `json:"next_cursor,omitempty" doc:"Send it as cursor; absent on the last page."`
}

// NewReceipt is the body of POST /v1/stock/{sku}/receipts.
type NewReceipt struct {
	Quantity int64 `json:"quantity" minimum:"1" maximum:"1000000"`
}

func (g *Gateway) addStock(api huma.API) {
	register(g, api, huma.Operation{
		OperationID: "list-stock",
		Method:      http.MethodGet,
		Path:        pathStock,
		Summary:     "List stock",
		Description: "By SKU. The Link header has the next page.",
		Tags:        []string{"stock"},
	}, g.listStock)
	register(g, api, huma.Operation{
		OperationID: "get-stock",
		Method:      http.MethodGet,
		Path:        pathStock + "/{sku}",
		Summary:     "Get the stock of a SKU",
		Tags:        []string{"stock"},
		Errors:      []int{http.StatusNotFound},
	}, g.getStock)
	register(g, api, huma.Operation{
		OperationID: "receive-stock",
		Method:      http.MethodPost,
		Path:        pathStock + "/{sku}/receipts",
		Summary:     "Receive stock",
		Description: "Books goods that arrived. The Idempotency-Key is the receipt's ID: a receipt is booked once, for ever.",
		Tags:        []string{"stock"},
	}, g.receiveStock)
}

type listStockInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"400" doc:"next_cursor of the page before."`
}

type listStockOutput struct {
	Link string `header:"Link" doc:"rel=\"next\": the next page; absent on the last."`
	Body StockPage
}

func (g *Gateway) listStock(ctx context.Context, in *listStockInput) (*listStockOutput, error) {
	filter := filterName(pathStock)
	from, err := parseCursor(in.Cursor, filter)
	if err != nil {
		return nil, err
	}
	levels, err := g.stock.Stock(ctx, from.ID, in.Limit+1)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(levels) > in.Limit { // one more was asked for, to know whether there is a next page
		levels = levels[:in.Limit]
		next = cursor{Filter: filter, ID: levels[in.Limit-1].SKU}.String()
	}
	page := StockPage{Stock: make([]StockLevel, len(levels)), NextCursor: next}
	for n, level := range levels {
		page.Stock[n] = tellLevel(level)
	}
	return &listStockOutput{Link: nextLink(pathStock, url.Values{}, in.Limit, next), Body: page}, nil
}

type getStockInput struct {
	SKU string `path:"sku" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
}

type getStockOutput struct {
	Body StockLevel
}

func (g *Gateway) getStock(ctx context.Context, in *getStockInput) (*getStockOutput, error) {
	level, err := g.stock.StockLevel(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	return &getStockOutput{Body: tellLevel(level)}, nil
}

type receiveStockInput struct {
	SKU  string `path:"sku" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
	Key  string `header:"Idempotency-Key" required:"true" pattern:"^[!-~]{1,255}$" doc:"The receipt's ID, such as the number of the delivery note."`
	Body NewReceipt
}

// Resolve refuses a key that was given twice.
func (in *receiveStockInput) Resolve(ctx huma.Context) []error {
	var errs []error
	for _, violation := range checkKey(ctx) {
		errs = append(errs, violation.asError())
	}
	return errs
}

type receiveStockOutput struct {
	Replayed string `header:"Idempotency-Replayed" enum:"true" doc:"Present when the receipt was booked before; the body is the level as it is now."`
	Body     StockLevel
}

func (g *Gateway) receiveStock(ctx context.Context, in *receiveStockInput) (*receiveStockOutput, error) {
	level, replayed, err := g.stock.ReceiveStock(ctx, skald.Receipt{ID: in.Key, SKU: in.SKU, Quantity: in.Body.Quantity})
	if err != nil {
		return nil, err
	}
	return &receiveStockOutput{Replayed: replayedHeader(replayed), Body: tellLevel(level)}, nil
}

func tellLevel(level skald.StockLevel) StockLevel {
	return StockLevel{
		SKU:      level.SKU,
		OnHand:   level.OnHand,
		Reserved: level.Reserved,
		Shipped:  level.Shipped,
		Received: level.Received,
	}
}
