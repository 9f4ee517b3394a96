package audit

import (
	"context"
	"errors"
	"slices"
)

// errNothing: what a finding says is no longer so.
var errNothing = errors.New("nothing is left to mend")

// Repair mends what is safe among the report's findings, and returns the report
// with what it has done: Mended or Trouble of each. One that cannot be mended
// does not keep the others from it. It errors only when ctx ends.
//
// Each repair looks again before it acts, so a report may be old. What has been
// mended meanwhile, by whomever, counts as mended.
func (a *Auditor) Repair(ctx context.Context, r Report) (Report, error) {
	r.Findings = slices.Clone(r.Findings)
	p := &publisher{a: a, stuck: map[string]error{}}
	defer p.close()
	for n := range r.Findings {
		f := &r.Findings[n]
		if !f.Kind.Safe() || f.Mended != "" {
			continue
		}
		if ctx.Err() != nil {
			return r, context.Cause(ctx)
		}
		a.mend(ctx, p, f)
	}
	return r, nil
}

func (a *Auditor) mend(ctx context.Context, p *publisher, f *Finding) {
	done, err := a.repair(ctx, p, *f)
	log := a.o.Logger.With("kind", f.Kind, "order", f.OrderID, "event", f.EventID, "key", f.Key)
	switch {
	case errors.Is(err, errNothing):
		f.Mended, f.Trouble = err.Error(), ""
	case err != nil:
		f.Trouble = err.Error()
		log.WarnContext(ctx, "repair did not succeed", "what", f.What, "error", err)
	default:
		f.Mended, f.Trouble = done, ""
		log.InfoContext(ctx, "repaired", "what", f.What, "why", f.Why, "done", done)
	}
}

func (a *Auditor) repair(ctx context.Context, p *publisher, f Finding) (done string, err error) {
	switch f.Kind {
	case SagaMissing, SagaStopped:
		return a.startAgain(ctx, f.OrderID)
	case EventUnpublished:
		return p.publishRow(ctx, f.Position)
	case EventNotOnTopic:
		return p.publishCopy(ctx, f.EventID, f.Topic)
	case CaptureOrphaned, BookingOrphaned:
		return a.takeBack(ctx, f)
	default: // is not safe
		return "", errNothing
	}
}
