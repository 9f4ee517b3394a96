package main

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald/internal/client"
)

type stockCommand struct {
	List    listStockCommand    `cmd:"" help:"Show how much there is of each SKU."`
	Receive receiveStockCommand `cmd:"" help:"Book goods that arrived."`
}

type listStockCommand struct {
	pageFlags
	serverFlag
	outputFlag
}

// Example is the first page.
func (listStockCommand) Example() string { return "skald stock list" }

const levelHeader = "SKU\tON HAND\tRESERVED\tSHIPPED\tRECEIVED"

// Run prints one page.
func (l *listStockCommand) Run(ctx context.Context, con *console) error {
	return l.call(func(api *client.Client) error {
		page, err := api.Stock(ctx, l.Limit, l.Cursor)
		if err != nil {
			return err
		}
		if l.json() {
			return con.document(page)
		}
		rows := []string{levelHeader}
		for _, level := range page.Stock {
			rows = append(rows, levelRow(level))
		}
		return con.page(rows, page.NextCursor)
	})
}

type receiveStockCommand struct {
	SKU      string `arg:"" name:"sku" help:"What arrived."`
	Quantity int64  `arg:"" help:"How much."`
	Key      string `help:"The receipt's ID, such as the number of the delivery note: it is booked once, for ever. Default: a new one." placeholder:"KEY"`
	serverFlag
	outputFlag
}

// Example is a delivery.
func (receiveStockCommand) Example() string { return "skald stock receive mug 100 --key delivery-1" }

// Run books the receipt and prints the level.
func (r *receiveStockCommand) Run(ctx context.Context, con *console) error {
	return r.call(func(api *client.Client) error {
		received, err := api.Receive(ctx, r.SKU, r.Quantity, r.Key)
		if err != nil {
			return err
		}
		if r.json() {
			return con.document(received.Level)
		}
		if received.Replayed {
			con.printf("This receipt was booked before; this is the level now.\n")
		}
		return con.table(levelHeader, levelRow(received.Level))
	})
}

func levelRow(level client.StockLevel) string {
	return fmt.Sprintf("%s\t%d\t%d\t%d\t%d", level.SKU, level.OnHand, level.Reserved, level.Shipped, level.Received)
}
