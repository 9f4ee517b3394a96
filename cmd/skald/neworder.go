package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/skald-saga/skald/internal/client"
)

// newOrderFlags describe an order, as a file or one by one. The defaults are
// filled in by order, so that Validate can tell what was given.
type newOrderFlags struct {
	File     string `help:"Read the order as JSON from this file, - for standard input. Nothing else about the order may be given then." short:"f" placeholder:"FILE"`
	ID       string `name:"id" help:"The order's ID. Default: the server makes one." placeholder:"ID"`
	Customer string `help:"The customer's ID. Default: customer-1." placeholder:"ID"`
	Items    []item `name:"item" help:"What is ordered: SKU, quantity and unit price. Repeatable. Default: mug:1:12.50." placeholder:"SKU:QUANTITY:PRICE"`
	Currency string `help:"ISO 4217 code of the prices. Default: EUR." placeholder:"CODE"`
	Token    string `help:"Payment token. Default: tok_visa." placeholder:"TOKEN"`
	Name     string `help:"Who gets it. Default: Astrid Lind." placeholder:"NAME"`
	Line1    string `name:"line1" help:"Street and number. Default: Storgatan 1." placeholder:"TEXT"`
	City     string `help:"Default: Uppsala." placeholder:"TEXT"`
	Country  string `help:"ISO 3166-1 alpha-2 code. Default: SE." placeholder:"CODE"`
}

// item is one --item.
type item client.Item

// UnmarshalText reads SKU:QUANTITY:PRICE. What the values may be is the
// server's to say.
func (i *item) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), ":")
	if len(parts) != 3 {
		return fmt.Errorf("must be SKU:QUANTITY:PRICE, such as mug:2:12.50")
	}
	quantity, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return fmt.Errorf("the quantity, between the colons, must be a whole number")
	}
	*i = item{SKU: parts[0], Quantity: quantity, UnitPrice: parts[2]}
	return nil
}

// Validate refuses a file beside flags: it would be unclear which is meant.
func (n *newOrderFlags) Validate() error {
	given := n.ID + n.Customer + n.Currency + n.Token + n.Name + n.Line1 + n.City + n.Country
	if n.File != "" && (given != "" || len(n.Items) > 0) {
		return errors.New("--file holds the whole order: leave out the other flags about it, or the file")
	}
	return nil
}

// order is what the flags, or the file, ask for.
func (n *newOrderFlags) order(in io.Reader) (client.NewOrder, error) {
	if n.File != "" {
		return readOrder(n.File, in)
	}
	order := client.NewOrder{
		ID:         n.ID,
		CustomerID: or(n.Customer, "customer-1"),
		Currency:   or(n.Currency, "EUR"),
		Payment:    client.Payment{Token: or(n.Token, "tok_visa")},
		ShipTo: client.Address{
			Name: or(n.Name, "Astrid Lind"), Line1: or(n.Line1, "Storgatan 1"),
			City: or(n.City, "Uppsala"), Country: or(n.Country, "SE"),
		},
	}
	for _, given := range n.Items {
		order.Items = append(order.Items, client.Item(given))
	}
	if len(order.Items) == 0 {
		order.Items = []client.Item{{SKU: "mug", Quantity: 1, UnitPrice: "12.50"}}
	}
	return order, nil
}

// maxOrderFile is what the server takes.
const maxOrderFile = 256 << 10

// readOrder reads strictly, so that a mistyped field is found here and not
// dropped on the way.
func readOrder(path string, in io.Reader) (order client.NewOrder, err error) {
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // G304: reading the file that the user names is the point
		if err != nil {
			return order, err
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxOrderFile+1))
	if err != nil {
		return order, fmt.Errorf("read order: %w", err)
	}
	if len(text) > maxOrderFile {
		return order, fmt.Errorf("order in %s is longer than %d bytes", path, maxOrderFile)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&order); err != nil {
		return order, fmt.Errorf("order in %s: %w", path, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return order, fmt.Errorf("order in %s: there is more after the order", path)
	}
	return order, nil
}

func or(given, otherwise string) string {
	if given != "" {
		return given
	}
	return otherwise
}
