package audit

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// service is one of the two providers, as far as an audit is concerned.
type service struct {
	step     skald.Step
	holds    string // what it holds for an order, in words
	missing  Kind
	orphaned Kind
	lookup   func(ctx context.Context, key string) (provider.Record, error)
	takeBack func(ctx context.Context, key string) (reference string, err error)
}

func (a *Auditor) services() []service {
	return []service{
		{skald.StepChargePayment, "capture", CaptureMissing, CaptureOrphaned, a.o.Payment.Lookup, a.o.Payment.Refund},
		{skald.StepScheduleShipping, "booking", BookingMissing, BookingOrphaned, a.o.Carrier.Lookup, a.o.Carrier.Cancel},
	}
}

// providers asks both providers about every final order. An order that is not
// final is its saga's matter, or PartSagas'. What a pruned one was asked for is
// told by its digest alone: providers forget too.
func (a *Auditor) providers(ctx context.Context, n *notebook) error {
	return a.books(ctx, n, PartProviders, func(books []book) error {
		return each(ctx, a.o.AtOnce, books, func(ctx context.Context, b book) error {
			if !b.order.Status.Final() || b.order.Pruned != nil {
				return nil
			}
			for _, s := range a.services() {
				if err := a.judgeProvided(ctx, n, b, s); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func (a *Auditor) judgeProvided(ctx context.Context, n *notebook, b book, s service) error {
	key := b.key(s.step)
	confirmed := b.order.Status == skald.StatusConfirmed
	if key == "" {
		if confirmed {
			n.note(b.unprovided(s, "it was never asked for one"))
		}
		return nil
	}
	record, err := a.lookup(ctx, s, key)
	if err != nil {
		return fmt.Errorf("look up the %s of order %s: %w", s.holds, b.order.ID, err)
	}
	switch done := record.State == provider.StateDone; {
	case confirmed && !done:
		n.note(b.unprovided(s, fmt.Sprintf("under key %s it says: %s", key, record.State)))
	case !confirmed && done:
		b.judgeLeftover(n, s, key)
	}
	return nil
}

func (a *Auditor) lookup(ctx context.Context, s service, key string) (provider.Record, error) {
	ctx, cancel := a.ask(ctx)
	defer cancel()
	return s.lookup(ctx, key)
}

func (b book) unprovided(s service, why string) Finding {
	return Finding{
		Kind: s.missing, OrderID: b.order.ID, Key: b.key(s.step), Why: why,
		What: fmt.Sprintf("order %s is confirmed, and its provider has no %s for it", b.order.ID, s.holds),
	}
}

// judgeLeftover is about what is left at the provider of an order that ended
// without success. Done outside means that it was settled where the provider
// does not see it.
func (b book) judgeLeftover(n *notebook, s service, key string) {
	undo := b.effect(s.step, true)
	switch undo {
	case skald.OutcomeDoneOutside:
	case skald.OutcomeSkipped:
		n.note(Finding{
			Kind: LossAccepted, OrderID: b.order.ID, Key: key,
			What: fmt.Sprintf("the provider keeps the %s of order %s, as a person accepted", s.holds, b.order.ID),
			Why:  fmt.Sprintf("the incident of %s was skipped", s.step.Undo()),
		})
	default:
		n.note(Finding{
			Kind: s.orphaned, OrderID: b.order.ID, Key: key, Why: whyLeft(s.step.Undo(), undo),
			What: fmt.Sprintf("order %s ended %s, and its provider holds a %s for it", b.order.ID, b.order.Status, s.holds),
		})
	}
}

func whyLeft(undo skald.Undo, outcome skald.Outcome) string {
	switch outcome {
	case skald.OutcomeNothing:
		return fmt.Sprintf("%s found nothing under its key: a call arrived after it", undo)
	case skald.OutcomeUndone:
		return fmt.Sprintf("%s is recorded as done: the provider did it again, or forgot the undo", undo)
	default:
		return fmt.Sprintf("%s is not recorded at all", undo)
	}
}
