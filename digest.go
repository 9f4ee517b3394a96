package skald

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// Digest is what stays of a final order's details once they are pruned: enough
// for an audit to accept the order, to find that its row was changed since, and
// to prove of events kept elsewhere that they are this order's.
type Digest struct {
	PrunedAt time.Time `json:"pruned_at"`
	Events   int64     `json:"events"` // how many there were
	Chain    string    `json:"chain"`  // ChainOf them
	// Outcomes are those of every do and undo that was recorded, by the name of
	// the step or of the undo.
	Outcomes map[string]Outcome `json:"outcomes"`
	Captured int64              `json:"captured"` // minor units of the order's currency
	Refunded int64              `json:"refunded"` // by an undo, or outside
	Seal     string             `json:"seal"`     // SealOf the order's row
}

// NewDigest is the digest of an order's events, by sequence, and of its effects.
// It errors when the order's total exceeds what Money holds.
func NewDigest(order OrderState, events []Event, effects []Effect, prunedAt time.Time) (Digest, error) {
	total, err := order.Total()
	if err != nil {
		return Digest{}, err
	}
	d := Digest{
		PrunedAt: prunedAt.UTC(), Events: int64(len(events)), Chain: ChainOf(events), Outcomes: map[string]Outcome{},
	}
	for _, effect := range effects {
		name := string(effect.Step)
		if effect.Undo {
			name = string(effect.Step.Undo())
		}
		d.Outcomes[name] = effect.Outcome
	}
	switch d.Outcomes[string(UndoRefundPayment)] {
	case OutcomeUndone, OutcomeDoneOutside: // also of a capture whose answer came too late to be recorded
		d.Captured, d.Refunded = total.Minor, total.Minor
	default:
		if d.Outcomes[string(StepChargePayment)] == OutcomeOK {
			d.Captured = total.Minor
		}
	}
	d.Seal = d.SealOf(order)
	return d, nil
}

// Disagreements says, each in a few words, in what the digest and the order's row
// contradict each other or themselves. There are none for an order that was left
// alone since it was pruned.
func (d Digest) Disagreements(order OrderState) []string {
	var found []string
	if !order.Status.Final() {
		found = append(found, "the order is "+string(order.Status)+", which is not final")
	}
	if d.Events != order.LastSequence {
		found = append(found, fmt.Sprintf("%d events are counted and the row's last sequence is %d", d.Events, order.LastSequence))
	}
	for _, step := range Steps() {
		if wrong := d.disagreement(order.Status, step); wrong != "" {
			found = append(found, wrong)
		}
	}
	if d.Seal != d.SealOf(order) {
		found = append(found, "the row or the digest was changed after it was sealed")
	}
	return found
}

// disagreement is what the outcomes of a step say that the order's end cannot be.
func (d Digest) disagreement(end Status, step Step) string {
	done, undo := d.Outcomes[string(step)], step.Undo()
	undone := d.Outcomes[string(undo)]
	switch {
	case end == StatusConfirmed && done != OutcomeOK:
		return fmt.Sprintf("the order is confirmed, and %s is %q", step, done)
	case end == StatusConfirmed && undone != "":
		return fmt.Sprintf("the order is confirmed, and %s is %q", undo, undone)
	case end != StatusConfirmed && undo != "" && undone == "":
		return fmt.Sprintf("the order is %s, and nothing is recorded of %s", end, undo)
	case end != StatusConfirmed && done == OutcomeOK && undo == "":
		return fmt.Sprintf("the order is %s, and %s was done", end, step)
	}
	return ""
}

// ChainOf is SHA-256 over the sequence, identity and kind of each event, as
// unpadded base64url.
func ChainOf(events []Event) string {
	hash := sha256.New()
	for _, event := range events {
		hash.Write(fmt.Appendf(nil, "%d %s %s\n", event.Sequence, event.ID, event.Kind))
	}
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil))
}

// SealOf is SHA-256, as unpadded base64url, over the digest and everything in the
// order's row that no longer changes. It finds what was changed by accident or by
// hand, and is no signature: whoever can write the row can seal it anew.
func (d Digest) SealOf(order OrderState) string {
	d.Seal = ""
	canonical, err := json.Marshal(struct {
		ID              string   `json:"id"`
		Status          Status   `json:"status"`
		Cause           Cause    `json:"cause"`
		CancelRequested bool     `json:"cancel_requested"`
		CustomerID      string   `json:"customer_id"`
		Currency        Currency `json:"currency"`
		LastSequence    int64    `json:"last_sequence"`
		CreatedAt       int64    `json:"created_at"`
		UpdatedAt       int64    `json:"updated_at"`
		Digest          Digest   `json:"digest"`
	}{
		order.ID, order.Status, order.Cause, order.CancelRequested, order.CustomerID, order.Currency,
		order.LastSequence, order.CreatedAt.UnixMicro(), order.UpdatedAt.UnixMicro(), d,
	})
	if err != nil {
		panic(fmt.Sprintf("canonical digest: %v", err)) // strings and integers always encode
	}
	sum := sha256.Sum256(canonical)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
