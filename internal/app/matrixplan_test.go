package app_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/fault"
)

// plan is one order, what goes wrong with it, and how it must end all the same.
// Written as JSON it can be played again, alone.
type plan struct {
	Name     string       `json:"name"` // also the order's ID
	Token    string       `json:"token,omitempty"`
	Country  string       `json:"country,omitempty"`
	Quantity int64        `json:"quantity,omitempty"`
	Rules    []fault.Rule `json:"rules"`
	// Cancel is what a cancel is answered that comes when every rule has struck,
	// 0 for none. The rules are then taken away, unless Stay.
	Cancel int  `json:"cancel,omitempty"`
	Stay   bool `json:"stay,omitempty"`
	// Decide is what a person decides about the undo that the provider refused.
	Decide skald.DecisionAction `json:"decide,omitempty"`
	// Answered is how many attempts of an activity came to an end in their time,
	// where that is part of the promise.
	Answered map[string]int `json:"answered,omitempty"`
	Want     course         `json:"want"`
}

// end is what everyone must say. Nothing of the ten of an order's SKU is held or
// lost.
func (p plan) end() end {
	stock := stockOf(p.sku(), 10, 0, 0)
	if p.Want.Ends == skald.StatusConfirmed {
		stock = stockOf(p.sku(), 8, 0, 2)
	}
	closed := completed(p.Want.Ends)
	if p.Want.Ends == skald.StatusFailed {
		closed = strings.Replace(closed, "Completed", "Failed", 1)
	}
	return end{
		Status: p.Want.Ends, Cause: causes[p.Want.Ends], Story: strings.Join(kinds(p.Want.story()), " "), Stock: stock,
		Charges: p.Want.Charges, Bookings: p.Want.Bookings, Saga: closed,
	}
}

func (p plan) sku() string { return "SKU-" + p.Name }

func (p plan) order() client.NewOrder {
	return newOrder(p.Name, func(o *client.NewOrder) {
		o.Items[0].SKU = p.sku()
		if p.Token != "" {
			o.Payment.Token = p.Token
		}
		if p.Country != "" {
			o.ShipTo.Country = p.Country
		}
		if p.Quantity != 0 {
			o.Items[0].Quantity = p.Quantity
		}
	})
}

// withRules adds rules in the terse form, about this order alone.
func (p plan) withRules(t *testing.T, terse string) plan {
	t.Helper()
	rules, err := fault.Parse(terse)
	if err != nil {
		t.Fatal(err)
	}
	p.Rules = append(slices.Clone(p.Rules), rules...)
	return p.named(p.Name)
}

// named gives the order, and with it the rules, another name.
func (p plan) named(name string) plan {
	p.Name, p.Rules = strings.ReplaceAll(name, "_", "-"), slices.Clone(p.Rules)
	for n := range p.Rules {
		p.Rules[n].Name, p.Rules[n].Match.Order = fmt.Sprintf("%s.%d", p.Name, n+1), fault.Pattern(p.Name)
	}
	return p
}

// keep writes the plan where it can be played again.
func (p plan) keep(t *testing.T) {
	t.Helper()
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(os.TempDir(), "skald-plan-"+p.Name+".json")
	if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Logf("play it alone: SKALD_PLAN=%s go test -run TestEveryPlanThatOnceMatteredIsKept ./internal/app", file)
}

func readPlans(t *testing.T, files ...string) []plan {
	t.Helper()
	plans := make([]plan, len(files))
	for n, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &plans[n]); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return plans
}
