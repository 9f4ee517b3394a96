package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald"
)

// Limits of an input.
const (
	DefaultPatience = 5 * time.Minute
	MaxPatience     = 24 * time.Hour
)

// OrderInput starts a saga. It holds what the UI shows and no personal data; the
// activities read the order from the store. It is part of stored histories.
type OrderInput struct {
	OrderID    string        `json:"order_id"` // also the workflow's ID
	CustomerID string        `json:"customer_id"`
	Total      skald.Money   `json:"total"`
	Items      int           `json:"items"`              // lines of the order
	Patience   time.Duration `json:"patience,omitempty"` // how long a step before the pivot is tried, after its fast path; 0: DefaultPatience
}

// Validate reports the first field that cannot be: name, value and bound.
func (in OrderInput) Validate() error {
	switch {
	case in.OrderID == "":
		return errors.New("order_id must be set")
	case in.Items < 0:
		return fmt.Errorf("items is %d, must be at least 0", in.Items)
	case in.Patience < 0 || in.Patience > MaxPatience:
		return fmt.Errorf("patience is %s, must be 0 to %s", in.Patience, MaxPatience)
	}
	return nil
}

// inputJSON is OrderInput as Temporal stores and shows it: the patience as people
// read it, "5m0s".
type inputJSON struct {
	inputFields
	Patience string `json:"patience,omitempty"`
}

type inputFields OrderInput // without its methods

// MarshalJSON writes the form of stored histories.
func (in OrderInput) MarshalJSON() ([]byte, error) {
	wire := inputJSON{inputFields: inputFields(in)}
	if in.Patience != 0 {
		wire.Patience = in.Patience.String()
	}
	return json.Marshal(wire)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (in *OrderInput) UnmarshalJSON(data []byte) error {
	var wire inputJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	*in = OrderInput(wire.inputFields)
	if wire.Patience == "" {
		return nil
	}
	patience, err := time.ParseDuration(wire.Patience)
	if err != nil {
		return fmt.Errorf("patience: %w", err)
	}
	in.Patience = patience
	return nil
}

// Summary is the order in one line of less than 200 bytes, for the workflow's
// StaticSummary.
func (in OrderInput) Summary() string { return fmt.Sprintf("%s, %s", in.Total, in.lines()) }

// SearchAttributes are what a saga is started with.
func (in OrderInput) SearchAttributes() temporal.SearchAttributes {
	return temporal.NewSearchAttributes(
		keyword(skald.SearchStatus).ValueSet(string(skald.StatusProcessing)),
		keyword(skald.SearchCustomer).ValueSet(in.CustomerID),
	)
}

func (in OrderInput) patience() time.Duration {
	if in.Patience == 0 {
		return DefaultPatience
	}
	return in.Patience
}

func (in OrderInput) lines() string {
	if in.Items == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", in.Items)
}

func keyword(name string) temporal.SearchAttributeKeyKeyword {
	return temporal.NewSearchAttributeKeyKeyword(name)
}
