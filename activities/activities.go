// Package activities holds what a saga does to the world: one activity per
// step, per undo, and per question the saga asks the store.
//
// Every activity is safe to run twice, at once with itself or with its undo,
// and long after the saga stopped waiting for it: the key of an effect is
// (order, step, do or undo), never an attempt. The store decides; an activity
// holds no state. A step that calls a provider writes its intent before the
// call and the answer after it, with no transaction open in between (step.go).
//
// What an error means to the saga is decided in one place (error.go): a refusal
// is final, nearly everything else is tried again.
package activities

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// Activities are the activities of the order saga. They may be used by many
// workers at once.
type Activities struct {
	store    Store
	payment  providerStep
	shipping providerStep
}

// Store is everything that activities ask of the store.
type Store interface {
	StockStore
	StepStore
	OrderStore
}

// Options says what activities work with. Zero durations mean the defaults.
type Options struct {
	Store   Store            // required
	Payment provider.Payment // required
	Carrier provider.Carrier // required
	// CallWindow is how long one attempt may call a provider. Default 8 s: longer
	// than providers need on a slow day, and short enough for several attempts
	// before a step is exhausted. At most 5 min.
	CallWindow time.Duration
	// Settle is how long after the last call window a provider that cannot void
	// may still act on a call that is under way. Only then is "I know nothing of
	// this key" believed. Default 30 s, at most 24 h.
	Settle time.Duration
}

// Defaults and limits of Options.
const (
	DefaultCallWindow = 8 * time.Second
	MaxCallWindow     = 5 * time.Minute
	DefaultSettle     = 30 * time.Second
	MaxSettle         = 24 * time.Hour
)

// Registry is where activities are registered: a worker or a test environment.
type Registry interface {
	RegisterActivityWithOptions(fn any, options activity.RegisterOptions)
}

// New returns the activities, or an error that names the option that is wrong.
func New(o Options) (*Activities, error) {
	if o.CallWindow == 0 {
		o.CallWindow = DefaultCallWindow
	}
	if o.Settle == 0 {
		o.Settle = DefaultSettle
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &Activities{
		store:    o.Store,
		payment:  paymentStep(o),
		shipping: shippingStep(o),
	}, nil
}

// Validate reports everything that is wrong with o.
func (o Options) Validate() error {
	return errors.Join(
		required("Store", o.Store != nil),
		required("Payment", o.Payment != nil),
		required("Carrier", o.Carrier != nil),
		within("CallWindow", o.CallWindow, MaxCallWindow),
		within("Settle", o.Settle, MaxSettle),
	)
}

// Register registers every activity under its name.
func (a *Activities) Register(r Registry) {
	for _, each := range []struct {
		name string
		fn   any
	}{
		{string(skald.StepReserveStock), a.ReserveStock},
		{string(skald.StepChargePayment), a.ChargePayment},
		{string(skald.StepScheduleShipping), a.ScheduleShipping},
		{string(skald.StepConfirmOrder), a.ConfirmOrder},
		{string(skald.UndoReleaseStock), a.ReleaseStock},
		{string(skald.UndoRefundPayment), a.RefundPayment},
		{string(skald.UndoCancelShipping), a.CancelShipping},
		{skald.ActivityBeginCompensation, a.BeginCompensation},
		{skald.ActivityRequestCancel, a.RequestCancel},
		{skald.ActivityDecideIncident, a.DecideIncident},
		{skald.ActivityCloseOrder, a.CloseOrder},
	} {
		r.RegisterActivityWithOptions(each.fn, activity.RegisterOptions{Name: each.name})
	}
}

func required(field string, given bool) error {
	if !given {
		return fmt.Errorf("%s is required", field)
	}
	return nil
}

func within(field string, value, limit time.Duration) error {
	if value < 0 || value > limit {
		return fmt.Errorf("%s is %s: must be 0 to %s", field, value, limit)
	}
	return nil
}
