package app

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/deadletter"
)

// letters is the dead letter desk as the gateway speaks of it.
type letters struct{ desk *deadletter.Desk }

// List implements gateway.DeadLetters.
func (l letters) List(ctx context.Context, q gateway.DeadLetterQuery) ([]gateway.DeadLetter, string, error) {
	found, next, err := l.desk.List(ctx, queryOf(q))
	listed := make([]gateway.DeadLetter, len(found))
	for n, letter := range found {
		listed[n] = letterOf(letter)
	}
	return listed, next, err
}

// Show implements gateway.DeadLetters.
func (l letters) Show(ctx context.Context, id string) (gateway.DeadLetterContent, error) {
	message, err := l.desk.Show(ctx, id)
	if err != nil {
		return gateway.DeadLetterContent{}, err
	}
	content := gateway.DeadLetterContent{DeadLetter: letterOf(message.Letter), Key: message.Key, Value: message.Value}
	if utf8.Valid(message.Value) {
		content.Text = string(message.Value)
	}
	for _, header := range message.Headers {
		content.Headers = append(content.Headers, gateway.DeadLetterHeader{Key: header.Key, Value: header.Value})
	}
	return content, nil
}

// Replay implements gateway.DeadLetters.
func (l letters) Replay(ctx context.Context, r gateway.DeadLetterReplay) (gateway.DeadLetterReport, error) {
	report, err := l.desk.Replay(ctx, deadletter.ReplayOptions{
		Query: queryOf(r.Query), IDs: r.IDs, DryRun: r.DryRun, Max: r.Max,
		RatePerSecond: r.RatePerSecond, Cap: r.Cap, Actor: r.Actor, Reason: r.Reason,
	})
	return reportOf(report), busy(err)
}

// Discard implements gateway.DeadLetters.
func (l letters) Discard(ctx context.Context, ids []string, actor, reason string) (gateway.DeadLetterReport, error) {
	report, err := l.desk.Discard(ctx, ids, actor, reason)
	return reportOf(report), busy(err)
}

func busy(err error) error {
	if errors.Is(err, deadletter.ErrBusy) {
		return gateway.ErrDeadLettersBusy
	}
	return err
}

func queryOf(q gateway.DeadLetterQuery) deadletter.Query {
	return deadletter.Query{
		Reason: skald.DeadLetterReason(q.Reason), OrderID: q.OrderID, Since: q.Since, Until: q.Until,
		State: deadletter.State(q.State), After: q.After, Limit: q.Limit,
	}
}

func letterOf(l deadletter.Letter) gateway.DeadLetter {
	letter := gateway.DeadLetter{
		ID: l.ID, OrderID: l.OrderID, Reason: string(l.Reason), Stage: l.Stage, Message: l.Message,
		FirstFailedAt: given(l.FirstFailedAt), ParkedAt: l.ParkedAt, Attempts: l.Attempts, ReplayCount: l.ReplayCount,
		Source:     gateway.DeadLetterSource{Topic: l.Source.Topic, Partition: l.Source.Partition, Offset: l.Source.Offset},
		ValueBytes: l.ValueBytes, State: string(l.State),
	}
	if v := l.Verdict; v != nil {
		letter.Verdict = &gateway.DeadLetterVerdict{State: string(v.State), Actor: v.Actor, Reason: v.Reason, At: v.At}
	}
	return letter
}

func reportOf(r deadletter.Report) gateway.DeadLetterReport {
	report := gateway.DeadLetterReport{
		DryRun: r.DryRun, Planned: r.Planned, Replayed: r.Replayed, Discarded: r.Discarded, More: r.More,
		Reasons: make([]gateway.DeadLetterCount, len(r.Reasons)), Skipped: make([]gateway.DeadLetterSkipped, len(r.Skipped)),
	}
	for n, c := range r.Reasons {
		report.Reasons[n] = gateway.DeadLetterCount{Reason: string(c.Reason), Planned: c.Planned, Replayed: c.Replayed, Discarded: c.Discarded}
	}
	for n, s := range r.Skipped {
		report.Skipped[n] = gateway.DeadLetterSkipped{Why: string(s.Why), Reason: string(s.Reason), Count: s.Count, Letters: s.Letters}
	}
	return report
}

func given(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
