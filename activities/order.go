package activities

import (
	"context"
	"errors"

	"github.com/skald-saga/skald"
)

// OrderStore decides about the order as a whole, one transaction each.
type OrderStore interface {
	ConfirmOrder(ctx context.Context, orderID string) (skald.Effect, error)
	BeginCompensation(ctx context.Context, orderID string, cause skald.Cause) (skald.Ruling, error)
	RequestCancel(ctx context.Context, orderID, reason string, req skald.CancelRequest) (skald.OrderState, error)
	DecideIncident(ctx context.Context, decision skald.Decision) (skald.Incident, error)
	CloseOrder(ctx context.Context, orderID string) (skald.OrderState, error)
}

// ConfirmOrder moves the order's stock from reserved to shipped and ends the
// order well. It runs only past the pivot.
func (a *Activities) ConfirmOrder(ctx context.Context, call skald.StepCall) (skald.Effect, error) {
	effect, err := a.store.ConfirmOrder(ctx, call.OrderID)
	return effect, toTemporal(err)
}

// BeginCompensation asks the store what the saga must do now; the saga's own
// memory of cancel and pivot may be wrong.
func (a *Activities) BeginCompensation(ctx context.Context, call skald.CompensationCall) (skald.Ruling, error) {
	ruling, err := a.store.BeginCompensation(ctx, call.OrderID, call.Cause)
	return ruling, toTemporal(err)
}

// RequestCancel records a cancel that came through Temporal instead of the API.
// That it comes too late is an answer and no error.
func (a *Activities) RequestCancel(ctx context.Context, call skald.CancelCall) (skald.CancelAnswer, error) {
	// The saga is awake, so nobody needs to be told by Kafka: Publish stays false.
	_, err := a.store.RequestCancel(ctx, call.OrderID, call.Reason, skald.CancelRequest{})
	if refused, ok := errors.AsType[*skald.CancelRefused](err); ok {
		return skald.CancelAnswer{Reason: refused.Reason}, nil
	}
	return skald.CancelAnswer{Accepted: err == nil}, toTemporal(err)
}

// DecideIncident records a person's decision about an undo that was refused for
// good. A repeat of the same decision is answered as the first time.
func (a *Activities) DecideIncident(ctx context.Context, decision skald.Decision) (skald.Incident, error) {
	incident, err := a.store.DecideIncident(ctx, decision)
	return incident, toTemporal(err)
}

// CloseOrder brings an order whose undos are all recorded to its final status.
// While an incident waits it answers ErrorUndoRefused.
func (a *Activities) CloseOrder(ctx context.Context, call skald.StepCall) (skald.Ruling, error) {
	state, err := a.store.CloseOrder(ctx, call.OrderID)
	if err != nil {
		return skald.Ruling{}, toTemporal(err)
	}
	return skald.Ruling{Verdict: skald.VerdictOver, Status: state.Status, Cause: state.Cause}, nil
}
