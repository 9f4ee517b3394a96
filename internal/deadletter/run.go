package deadletter

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// run is one replay.
type run struct {
	desk   *Desk
	o      ReplayOptions
	pace   Pacer
	report *Report
	// written is told of each verdict.
	written func(ctx context.Context, verdict *kgo.Record)
}

func newRun(d *Desk, o ReplayOptions) *run {
	return &run{
		desk: d, o: o, pace: d.o.Pace(o.RatePerSecond), report: newReport(o.DryRun),
		written: func(context.Context, *kgo.Record) {},
	}
}

// errMax ends a run that has put back as many letters as it may.
var errMax = errors.New("as many as max were put back")

func (r *run) replayAll(ctx context.Context) error {
	err := r.choose(ctx)
	if errors.Is(err, errMax) {
		return nil
	}
	return err
}

func (r *run) choose(ctx context.Context) error {
	if len(r.o.IDs) > 0 {
		return r.named(ctx)
	}
	return r.matching(ctx)
}

// named replays the letters of IDs. They are out of the topic's order, so the
// group's offsets stay where they are; the next run by filter moves them.
func (r *run) named(ctx context.Context) error {
	wanted, err := readIDs(r.o.IDs)
	if err != nil {
		return err
	}
	missing, err := r.desk.pick(ctx, wanted, func(record *kgo.Record, l Letter) error {
		if r.report.skipSettled(l) {
			return nil
		}
		_, err := r.consider(ctx, record, l)
		return err
	})
	r.report.skipMissing(missing)
	return err
}

// matching replays what the query chooses, and commits what is settled.
func (r *run) matching(ctx context.Context) error {
	todo, err := r.desk.unsettled(ctx)
	if err != nil {
		return err
	}
	settled, err := r.desk.readLedger(ctx, todo)
	if err != nil {
		return err
	}
	if r.o.DryRun {
		return r.walk(ctx, todo, settled, func(*kgo.Record, bool) {})
	}
	p := newProgress(r.desk, todo)
	r.written = p.wrote
	err = r.walk(ctx, todo, settled, p.pass)
	p.commit(ctx)
	return err
}

// walk goes through the spans and tells pass of each record, and whether it is
// settled now.
func (r *run) walk(ctx context.Context, todo spans, settled *ledger, pass func(*kgo.Record, bool)) error {
	for record, err := range r.desk.records(ctx, todo) {
		if err != nil {
			return err
		}
		done := isVerdict(record) || settled.state(positionOf(record)) != StateParked
		if !done {
			if done, err = r.match(ctx, record); err != nil {
				return err
			}
		}
		pass(record, done)
	}
	return nil
}

func (r *run) match(ctx context.Context, record *kgo.Record) (settled bool, err error) {
	letter := readLetter(record)
	if !r.o.Query.matches(letter) {
		return false, nil
	}
	return r.consider(ctx, record, letter)
}

// consider replays a parked letter unless it must not be, and reports whether
// it is settled then.
func (r *run) consider(ctx context.Context, record *kgo.Record, l Letter) (settled bool, err error) {
	switch {
	case l.ReplayCount >= r.o.Cap:
		r.report.skip(WhyCap, l.Reason, l.ID)
		return false, nil
	case r.report.Planned == r.o.Max:
		r.report.More = true
		return false, errMax
	case r.o.DryRun:
		r.report.planned(l)
		return false, nil
	}
	if err := r.pace.Wait(ctx); err != nil {
		return false, fmt.Errorf("wait to replay letter %s: %w", l.ID, err)
	}
	return r.replay(ctx, record, l)
}
