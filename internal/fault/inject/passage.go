package inject

import (
	"context"
	"slices"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault"
)

// passage is one row on its way through the relay. The relay reads a row again
// and again until it is recorded; what fires is decided when it is first met,
// and once more after an abort.
type passage struct {
	subject string
	copies  int       // handed out; 0 while it is held back
	until   time.Time // held back until then
}

// Unpublished implements Outbox. When a row of an order is held back, so are all
// its later ones: what is published stays in order.
func (o *struckOutbox) Unpublished(ctx context.Context, after int64, limit int) ([]skald.OutboxRow, error) {
	rows, err := o.Outbox.Unpublished(ctx, after, limit)
	call := fault.Call{Point: fault.PointRelay}
	if err != nil || o.engine.Idle(&call) {
		return rows, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	held := map[string]bool{}
	var handed []skald.OutboxRow
	for _, row := range rows {
		subject := row.Event.Subject
		if !held[subject] {
			copies := o.meet(ctx, row)
			held[subject] = copies == 0
			handed = append(handed, slices.Repeat([]skald.OutboxRow{row}, copies)...)
		}
	}
	return handed, nil
}

// meet is how many copies of the row are handed out now.
func (o *struckOutbox) meet(ctx context.Context, row skald.OutboxRow) int {
	p, met := o.rows[row.Position]
	if !met {
		p = &passage{subject: row.Event.Subject}
	}
	switch {
	case p.copies > 0: // on its way, or Kafka did not take it
		return 1
	case o.now().Before(p.until):
		return 0
	case p.until.IsZero() && o.hold(ctx, p): // not decided yet, or aborted the last time
		if !p.until.IsZero() {
			o.rows[row.Position] = p
		}
		return 0
	}
	p.copies = 1 + o.extra(ctx, p.subject)
	o.rows[row.Position] = p
	return p.copies
}

// hold reports whether the row stays where it is for now.
func (o *struckOutbox) hold(ctx context.Context, p *passage) bool {
	held := false
	for strike := range o.engine.Strikes(ctx, fault.Before, relayCall(p.subject)) {
		if strike.Rule.Fault.Delay != nil {
			p.until = o.now().Add(strike.Delay())
			held = true
		} else if strike.Act(ctx) != nil {
			held = true
		}
	}
	return held
}

// extra is how many times more a row is handed out.
func (o *struckOutbox) extra(ctx context.Context, subject string) int {
	extra := 0
	for strike := range o.engine.Strikes(ctx, fault.Around, relayCall(subject)) {
		extra += strike.Rule.Fault.Duplicate.Extra
	}
	return extra
}
