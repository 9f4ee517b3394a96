package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
)

// resolveTimeout bounds how long an answer waits for the saga to be told. What
// was decided is committed; the saga's own timer finds it too.
const resolveTimeout = 2 * time.Second

// Resolver tells a saga that waits of a decision that is committed.
type Resolver interface {
	// Resolve is tried once; repeating it is harmless.
	Resolve(ctx context.Context, decision skald.Decision) error
}

// NewDecision is the body of POST /v1/incidents/{order_id}/{undo}.
type NewDecision struct {
	DecisionID string `json:"decision_id,omitempty" pattern:"^[!-~]{1,200}$" doc:"Your name for this decision, so that a repeat is recognised. The Idempotency-Key does as well."`
	Action     string `json:"action" enum:"retry,skip,done_outside" doc:"retry: try the undo again. skip: accept that it is not undone. done_outside: it was undone outside skald."`
	Actor      string `json:"actor" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" example:"egil" doc:"Who decided, in at most 200 bytes of UTF-8. It is published in events."`
	Reason     string `json:"reason" minLength:"1" maxLength:"500" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" example:"the provider is back" doc:"Why, in at most 500 bytes of UTF-8. It is published in events."`
	Receipt    string `json:"receipt,omitempty" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" doc:"Needed for done_outside: where it is written down, in at most 200 bytes of UTF-8."`
}

func (g *Gateway) addDecide(api huma.API) {
	register(g, api, huma.Operation{
		OperationID: "decide-incident",
		Method:      http.MethodPost,
		Path:        pathIncidents + "/{order_id}/{undo}",
		Summary:     "Decide about an incident",
		Description: "Needs decision_id or Idempotency-Key, which is then the decision's ID: a decision is carried out once. " +
			"200 means that it is committed; the saga goes on as soon as it hears of it. 409: somebody else decided first.",
		Tags:   []string{"incidents"},
		Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, g.decide)
}

type decideInput struct {
	OrderID string `path:"order_id" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
	Undo    string `path:"undo" enum:"cancel_shipping,refund_payment,release_stock"`
	Key     string `header:"Idempotency-Key" pattern:"^[!-~]{1,200}$" doc:"The decision's ID, if decision_id is left out."`
	Body    NewDecision
}

// Resolve adds what the schema cannot say.
func (in *decideInput) Resolve(ctx huma.Context) []error {
	violations := checkKey(ctx)
	switch given := in.Body.DecisionID; {
	case given == "" && in.Key == "":
		violations = append(violations, Violation{Field: fieldKey, Message: messageRequired})
	case given != "" && in.Key != "" && given != in.Key:
		violations = append(violations, Violation{Field: "body.decision_id", Message: "must be the Idempotency-Key, or one of the two left out"})
	}
	if invalid, ok := errors.AsType[*skald.Invalid](in.decision().Validate()); ok {
		for _, found := range domainViolations("body", invalid) {
			if found.Field != "body.id" && found.Field != "body.order_id" && found.Field != "body.undo" { // said above, and by the schema
				violations = append(violations, found)
			}
		}
	}
	errs := make([]error, len(violations))
	for n, violation := range violations {
		errs[n] = violation.asError()
	}
	return errs
}

func (in *decideInput) decision() skald.Decision {
	id := in.Body.DecisionID
	if id == "" {
		id = in.Key
	}
	return skald.Decision{
		ID: id, OrderID: in.OrderID, Undo: skald.Undo(in.Undo), Action: skald.DecisionAction(in.Body.Action),
		Actor: in.Body.Actor, Reason: in.Body.Reason, Receipt: in.Body.Receipt,
	}
}

func (g *Gateway) decide(ctx context.Context, in *decideInput) (*incidentOutput, error) {
	decision := in.decision()
	incident, err := g.options.Incidents.DecideIncident(ctx, decision)
	if err != nil {
		return nil, &lost{advice: "It is not known whether the decision was committed. Repeat it after Retry-After seconds with the same ID and the same body: it is carried out once.", err: err}
	}
	g.resolve(ctx, decision)
	return &incidentOutput{Body: g.tellIncident(incident)}, nil
}

// resolve also tells of a repeated decision: the first telling may have failed.
func (g *Gateway) resolve(ctx context.Context, decision skald.Decision) {
	if g.options.Resolver == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	if err := g.options.Resolver.Resolve(ctx, decision); err != nil {
		g.logger.WarnContext(ctx, "saga not told of a decision; its timer will find it",
			"order_id", decision.OrderID, "undo", decision.Undo, "error", err, "request_id", requestID(ctx))
	}
}
