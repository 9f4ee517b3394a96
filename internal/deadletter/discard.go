package deadletter

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// Discard settles the letters that ids name without putting them back; Kafka
// keeps their content as long as the topic keeps anything. Letters that are
// settled already, or are not there, are skipped: repeating a discard is
// harmless. actor and reason are required and kept with the verdict. It errors
// with a *skald.Invalid for wrong input and with ErrBusy; the report says what
// was done also beside another error.
func (d *Desk) Discard(ctx context.Context, ids []string, actor, reason string) (Report, error) {
	if err := asInvalid(accountViolations(actor, reason, true)); err != nil {
		return Report{}, err
	}
	wanted, err := readIDs(ids)
	if err != nil {
		return Report{}, err
	}
	if !d.busy.TryLock() {
		return Report{}, ErrBusy
	}
	defer d.busy.Unlock()
	report := newReport(false)
	missing, err := d.pick(ctx, wanted, func(r *kgo.Record, l Letter) error {
		return d.discard(ctx, r, l, Verdict{StateDiscarded, actor, reason, d.o.Now().UTC()}, report)
	})
	report.skipMissing(missing)
	return *report, err
}

func (d *Desk) discard(ctx context.Context, r *kgo.Record, l Letter, v Verdict, report *Report) error {
	if report.skipSettled(l) {
		return nil
	}
	report.planned(l)
	if _, err := d.settle(ctx, r, v); err != nil {
		return fmt.Errorf("discard letter %s: %w", l.ID, err)
	}
	report.settled(l, StateDiscarded)
	return nil
}

// accountViolations checks who settles letters, and why.
func accountViolations(actor, reason string, reasonRequired bool) []skald.Violation {
	var found []skald.Violation
	for _, text := range []struct {
		field, value string
		required     bool
		limit        int
	}{{"actor", actor, true, MaxActorBytes}, {"reason", reason, reasonRequired, MaxReasonBytes}} {
		if text.required && text.value == "" {
			found = append(found, skald.Violation{Field: text.field, Message: "is required"})
		}
		if len(text.value) > text.limit {
			found = append(found, skald.Violation{Field: text.field, Message: fmt.Sprintf("must have at most %d bytes", text.limit)})
		}
	}
	return found
}
