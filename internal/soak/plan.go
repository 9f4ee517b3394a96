package soak

import (
	"slices"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

// Plan is everything that a run will do. It is a pure function of PlanOptions.
type Plan struct {
	Seed       uint64   `json:"seed"`
	Processes  []string `json:"processes"` // that faults may hit
	Phases     Phases   `json:"phases"`
	Orders     []Order  `json:"orders"`
	Stock      []Action `json:"stock"`      // received before anything else
	Actions    []Action `json:"actions"`    // of warm-up and faults, by time
	Afterwards []Action `json:"afterwards"` // of the load after healing, by time
	Faults     []Fault  `json:"faults"`
	// LeftOut are faults that this machine could not do: the plan has none of them.
	LeftOut []Capability `json:"left_out,omitempty"`
}

// Has reports whether a fault of that kind is planned.
func (p Plan) Has(kind FaultKind) bool {
	return slices.ContainsFunc(p.Faults, func(f Fault) bool { return f.Kind == kind })
}

// Phases say how long each part of a run takes. Healing and quiescing take as
// long as they need.
type Phases struct {
	WarmUp time.Duration `json:"warm_up_ns"`
	Faults time.Duration `json:"faults_ns"`
	Load   time.Duration `json:"load_ns"`
}

// Kind says what an order is there to test.
type Kind string

// The kinds of order.
const (
	KindNormal    Kind = "normal"
	KindTimeout   Kind = "timeout"    // its payment is captured and the answer lost
	KindHuge      Kind = "huge"       // 100 items
	KindHot       Kind = "hot"        // of a SKU that there is too little of
	KindDeclined  Kind = "declined"   // its card is
	KindUnserved  Kind = "not_served" // no carrier goes there
	KindCancelled Kind = "cancel"     // somebody cancels it on the way
	KindRepeated  Kind = "repeat"     // placed several times under one key, and the server names it
	KindRival     Kind = "rival"      // another body under the key of a repeated one
	KindInvalid   Kind = "invalid"    // must be refused
	KindStruck    Kind = "struck"     // brings faults along, for itself alone
)

// Order is one order of a plan. Its customer_id is its own, so that it is found
// whatever the server calls it.
type Order struct {
	Kind Kind            `json:"kind"`
	Body client.NewOrder `json:"body"`
	// Struck is how an order of KindStruck is struck.
	Struck *Struck `json:"struck,omitempty"`
}

// Struck says which faults an order brings along, and how it ends with them.
type Struck struct {
	Faults string       `json:"faults"` // as X-Skald-Fault takes them
	End    skald.Status `json:"end"`
	Code   skald.Code   `json:"code,omitempty"` // of the refusal
}

// Op is what an Action does.
type Op string

// The operations.
const (
	OpPlace   Op = "place"
	OpCancel  Op = "cancel"
	OpReceive Op = "receive" // stock
	OpStock   Op = "stock"   // read the level of a SKU
)

// Action is one request. Its number, its place in Stock, Actions and Afterwards
// one behind the other, names it in the History.
type Action struct {
	At       time.Duration `json:"at_ns"` // since its part of the run began
	Op       Op            `json:"op"`
	Order    int           `json:"order,omitempty"` // of Plan.Orders
	SKU      string        `json:"sku,omitempty"`
	Quantity int64         `json:"quantity,omitempty"`
	Key      string        `json:"key,omitempty"` // Idempotency-Key
}

// action is the action with that number.
func (p Plan) action(number int) (Action, bool) {
	for _, part := range [][]Action{p.Stock, p.Actions, p.Afterwards} {
		if number < 0 {
			return Action{}, false
		}
		if number < len(part) {
			return part[number], true
		}
		number -= len(part)
	}
	return Action{}, false
}

// Fault is one thing that goes wrong, from one time to another.
type Fault struct {
	Kind  FaultKind     `json:"kind"`
	On    string        `json:"on"` // a process, or Link
	From  time.Duration `json:"from_ns"`
	Until time.Duration `json:"until_ns"`
	// Shift is by how much a FaultClock sets the clock off.
	Shift time.Duration `json:"shift_ns,omitempty"`
}
