package client

import (
	"context"
	"net/http"
	"net/url"
)

// StockLevel is how much of a SKU there is: OnHand + Reserved + Shipped =
// Received.
type StockLevel struct {
	SKU      string `json:"sku"`
	OnHand   int64  `json:"on_hand"`
	Reserved int64  `json:"reserved"`
	Shipped  int64  `json:"shipped"`
	Received int64  `json:"received"`
}

// StockPage is one page of levels, by SKU.
type StockPage struct {
	Stock      []StockLevel `json:"stock"`
	NextCursor string       `json:"next_cursor,omitempty"` // empty on the last page
}

// Received is a booked receipt, and the level as it is now.
type Received struct {
	Level    StockLevel
	Key      string // the receipt's ID, sent as Idempotency-Key
	Replayed bool   // it was booked before
}

// Stock reads one page of levels. A limit of 0 means the server's default; the
// cursor is NextCursor of the page before.
func (c *Client) Stock(ctx context.Context, limit int, cursor string) (StockPage, error) {
	var page StockPage
	err := c.get(ctx, "/v1/stock", pageQuery(limit, cursor), &page)
	return page, err
}

// StockLevel reads the level of one SKU. One that was never received is a
// *Problem with code not_found.
func (c *Client) StockLevel(ctx context.Context, sku string) (StockLevel, error) {
	var level StockLevel
	err := c.get(ctx, "/v1/stock/"+url.PathEscape(sku), nil, &level)
	return level, err
}

// Receive books goods that arrived. The key is the receipt's ID, for ever: the
// same key books once. An empty key is replaced by a new one.
func (c *Client) Receive(ctx context.Context, sku string, quantity int64, key string) (Received, error) {
	received := Received{Key: keyOr(key)}
	body := struct {
		Quantity int64 `json:"quantity"`
	}{quantity}
	path := "/v1/stock/" + url.PathEscape(sku) + "/receipts"
	got, err := c.do(ctx, call{method: http.MethodPost, path: path, key: received.Key, body: body}, &received.Level)
	if err != nil {
		return Received{}, err
	}
	received.Replayed = got.replayed
	return received, nil
}
