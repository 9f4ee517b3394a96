package storetest

import (
	"context"

	"github.com/skald-saga/skald"
)

func reserve(g *saga) call {
	return func(ctx context.Context) string { return said(g.ReserveStock(ctx, g.id)) }
}

func release(g *saga) call {
	return func(ctx context.Context) string { return said(g.ReleaseStock(ctx, g.id)) }
}

func begin(step skald.Step) func(g *saga) call {
	return func(g *saga) call {
		return func(ctx context.Context) string {
			intent, _, err := g.BeginStep(ctx, g.id, step, window)
			switch {
			case err != nil:
				return said(skald.Effect{}, err)
			case intent.Repeated:
				return "intent repeated"
			}
			return "intent"
		}
	}
}

func finish(step skald.Step) func(g *saga) call {
	return func(g *saga) call {
		return func(ctx context.Context) string {
			return said(g.FinishStep(ctx, g.id, step, skald.Answer{Reference: "ref-" + string(step)}))
		}
	}
}

func cancel(g *saga) call {
	return func(ctx context.Context) string {
		if _, err := g.RequestCancel(ctx, g.id, "", skald.CancelRequest{}); err != nil {
			return said(skald.Effect{}, err)
		}
		return "cancelled"
	}
}

func compensate(g *saga) call {
	return func(ctx context.Context) string {
		ruling, err := g.BeginCompensation(ctx, g.id, skald.Cause{Kind: skald.CauseExhausted})
		if err != nil {
			return said(skald.Effect{}, err)
		}
		return string(ruling.Verdict)
	}
}

func compensateAndRelease(g *saga) call {
	return func(ctx context.Context) string {
		return compensate(g)(ctx) + ", " + release(g)(ctx)
	}
}

func compensateAndBeginUndo(g *saga) call {
	return func(ctx context.Context) string {
		verdict := compensate(g)(ctx)
		_, done, err := g.BeginUndo(ctx, g.id, skald.UndoRefundPayment)
		switch {
		case err != nil:
			return verdict + ", " + said(skald.Effect{}, err)
		case done != nil:
			return verdict + ", " + string(done.Outcome)
		}
		return verdict + ", intent"
	}
}

func refuseRefund(g *saga) call {
	return func(ctx context.Context) string {
		err := g.RefuseUndo(ctx, g.id, skald.UndoRefundPayment, &skald.Refused{Code: skald.CodeRefundRefused, Message: "too old"})
		if err != nil {
			return said(skald.Effect{}, err)
		}
		return "refused"
	}
}

func decide(id string) func(g *saga) call {
	return func(g *saga) call {
		return func(ctx context.Context) string {
			incident, err := g.DecideIncident(ctx, g.decision(skald.Decision{
				ID: g.id + id, Undo: skald.UndoRefundPayment, Action: skald.ActionSkip,
			}))
			if err != nil {
				return said(skald.Effect{}, err)
			}
			return string(incident.Action)
		}
	}
}
