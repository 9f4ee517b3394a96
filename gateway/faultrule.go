package gateway

import (
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// FaultRule is one fault at one point. docs/failure-injection.md says what each
// field may be; what cannot be is refused by who injects, not by the schema.
type FaultRule struct {
	_ struct{} `additionalProperties:"true"`

	Name       string     `json:"name,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" doc:"Unique; default point.phase.kind."`
	Match      FaultMatch `json:"match" doc:"Where it fires."`
	Fault      FaultKind  `json:"fault" doc:"What it does: exactly one."`
	Percentage float64    `json:"percentage,omitempty" exclusiveMinimum:"0" maximum:"100" doc:"Of what matches; default 100."`
	Times      int        `json:"times,omitempty" minimum:"1" maximum:"1000000" doc:"At most so often, in all processes together; default without limit."`
	TTL        string     `json:"ttl,omitempty" maxLength:"20" example:"10m" doc:"How long it lives; default 10m, at most 1h."`
	Seed       uint64     `json:"seed,omitempty" doc:"Other decisions of the same rule."`
}

// FaultMatch says where a rule fires.
type FaultMatch struct {
	Point    string `json:"point" maxLength:"64" example:"charge_payment"`
	Phase    string `json:"phase,omitempty" enum:"before,around,after"`
	Order    string `json:"order,omitempty" maxLength:"65" example:"o-17*" doc:"An order's ID, or how some begin and *; default every order."`
	SKU      string `json:"sku,omitempty" maxLength:"65" doc:"The order has such an item; default every order."`
	Attempts string `json:"attempts,omitempty" maxLength:"20" example:"1-2" doc:"1, 1-2 or 2-; default every attempt."`
	Within   string `json:"within,omitempty" maxLength:"64" doc:"The activity that must be running, for points of the database and of providers."`
}

// FaultKind is what a rule does. Exactly one field is given.
type FaultKind struct {
	Abort     *FaultAbort     `json:"abort,omitempty"`
	Delay     *FaultDelay     `json:"delay,omitempty"`
	Hang      *FaultHang      `json:"hang,omitempty"`
	Panic     *FaultPanic     `json:"panic,omitempty"`
	Kill      *FaultKill      `json:"kill,omitempty"`
	Duplicate *FaultDuplicate `json:"duplicate,omitempty"`
	Corrupt   *FaultCorrupt   `json:"corrupt,omitempty"`
}

// FaultAbort answers with an error.
type FaultAbort struct {
	Error      string `json:"error" maxLength:"40" example:"unavailable"`
	Code       string `json:"code,omitempty" maxLength:"64" doc:"Of a refusal, as in card_declined."`
	RetryAfter string `json:"retry_after,omitempty" maxLength:"20" example:"5s"`
	Final      bool   `json:"final,omitempty" doc:"It is not tried again."`
}

// FaultDelay waits.
type FaultDelay struct {
	Fixed  string `json:"fixed" maxLength:"20" example:"800ms"`
	Jitter string `json:"jitter,omitempty" maxLength:"20" example:"200ms"`
}

// FaultHang waits until the caller gives up.
type FaultHang struct {
	Execute bool   `json:"execute,omitempty" doc:"And does it all the same, afterwards."`
	Late    string `json:"late,omitempty" maxLength:"20" example:"2s"`
}

// FaultPanic panics.
type FaultPanic struct{}

// FaultKill sends the process a signal.
type FaultKill struct {
	Signal string `json:"signal,omitempty" enum:"KILL,STOP"`
}

// FaultDuplicate does it again.
type FaultDuplicate struct {
	Extra      int  `json:"extra,omitempty" minimum:"1" maximum:"9"`
	Concurrent bool `json:"concurrent,omitempty"`
}

// FaultCorrupt damages a message.
type FaultCorrupt struct {
	Mode string `json:"mode" enum:"truncate,bad_json,unknown_schema"`
}

// NewFault is the body of POST /v1/faults: line, or the fields of a rule.
type NewFault struct {
	Line       string      `json:"line,omitempty" minLength:"1" maxLength:"4096" example:"charge_payment/after=20%3*abort(unavailable)" doc:"One rule on one line, or several with ; between them. Or the fields that follow."`
	Name       string      `json:"name,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" doc:"Unique; default point.phase.kind."`
	Match      *FaultMatch `json:"match,omitempty" doc:"Where it fires."`
	Fault      *FaultKind  `json:"fault,omitempty" doc:"What it does: exactly one."`
	Percentage float64     `json:"percentage,omitempty" exclusiveMinimum:"0" maximum:"100" doc:"Of what matches; default 100."`
	Times      int         `json:"times,omitempty" minimum:"1" maximum:"1000000" doc:"At most so often, in all processes together; default without limit."`
	TTL        string      `json:"ttl,omitempty" maxLength:"20" example:"10m" doc:"How long it lives; default 10m, at most 1h."`
	Seed       uint64      `json:"seed,omitempty" doc:"Other decisions of the same rule."`
}

// Resolve adds what the schema cannot say.
func (n *NewFault) Resolve(_ huma.Context, _ *huma.PathBuffer) []error {
	fields := *n
	fields.Line = ""
	switch {
	case n.Line == "" && (n.Match == nil || n.Fault == nil):
		return []error{Violation{Field: "body.match", Message: "must be given with fault, or line instead"}.asError()}
	case n.Line != "" && fields != NewFault{}:
		return []error{Violation{Field: "body.line", Message: "holds the whole rule: leave the other fields out, or line"}.asError()}
	}
	return nil
}

// rule is the rule as JSON, nil when it is given as a line.
func (n *NewFault) rule() (json.RawMessage, error) {
	if n.Line != "" {
		return nil, nil
	}
	text, err := json.Marshal(FaultRule{
		Name: n.Name, Match: *n.Match, Fault: *n.Fault, Percentage: n.Percentage, Times: n.Times, TTL: n.TTL, Seed: n.Seed,
	})
	if err != nil {
		return nil, fmt.Errorf("encode rule: %w", err)
	}
	return text, nil
}
