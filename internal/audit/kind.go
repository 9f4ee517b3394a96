package audit

import "slices"

// Kind names a disagreement, for machines.
type Kind string

// The kinds of finding, in the order in which a report lists them.
const (
	// SagaMissing: an order is not final, and Temporal knows no run of it.
	SagaMissing Kind = "saga_missing"
	// SagaStopped: an order is not final, and its last run is closed: terminated,
	// timed out, cancelled, failed, or returned too early.
	SagaStopped Kind = "saga_stopped"

	// EventMissing: an order's events have a gap, or lack one that was committed
	// together with what is recorded.
	EventMissing Kind = "event_missing"
	// EffectMissing: an event tells of an effect that is not recorded.
	EffectMissing Kind = "effect_missing"
	// EventUnpublished: a row of the outbox waits longer than the grace time.
	EventUnpublished Kind = "event_unpublished"
	// EventNotOnTopic: an event counts as published, and is not on its topic.
	EventNotOnTopic Kind = "event_not_on_topic"
	// EventUnknown: a topic has a message in skald's name that the store does not
	// know, or knows with other content.
	EventUnknown Kind = "event_unknown"

	// DigestMismatch: a pruned order's row, what is left of its details, and the
	// digest of them contradict each other.
	DigestMismatch Kind = "digest_mismatch"

	// StockMismatch: a stock level is not what its movements or its reservations
	// add up to, or does not add up by itself.
	StockMismatch Kind = "stock_mismatch"
	// ReservationOrphaned: an order that is final, or has released its stock,
	// still holds some.
	ReservationOrphaned Kind = "reservation_orphaned"

	// CaptureOrphaned: the payment provider holds money of an order that ended
	// without success.
	CaptureOrphaned Kind = "capture_orphaned"
	// BookingOrphaned: the carrier holds a booking of such an order.
	BookingOrphaned Kind = "booking_orphaned"
	// CaptureMissing: an order is confirmed, and the payment provider holds no
	// money for it.
	CaptureMissing Kind = "capture_missing"
	// BookingMissing: an order is confirmed, and the carrier has no booking.
	BookingMissing Kind = "booking_missing"

	// IncidentOpen: an undo was refused for good and waits for a decision.
	IncidentOpen Kind = "incident_open"
	// LossAccepted: a person decided that something is not undone, and it is not.
	LossAccepted Kind = "loss_accepted"
)

// Level says how a finding counts.
type Level string

// The levels.
const (
	LevelDamage   Level = "damage"   // two that must agree do not
	LevelWaiting  Level = "waiting"  // a person must decide; nothing disagrees
	LevelAccepted Level = "accepted" // a person has decided; nothing disagrees
)

// nature is what all findings of a kind have in common.
type nature struct {
	kind   Kind
	level  Level
	safe   bool
	repair string
}

const (
	byHand      = "a person must look: nothing says which side is right"
	startAgain  = "start the saga again under the same ID; what is recorded carries it to where it was"
	publishRow  = "publish the row, and mark it"
	publishCopy = "publish the same event again, to this topic"
)

var natures = []nature{
	{SagaMissing, LevelDamage, true, startAgain},
	{SagaStopped, LevelDamage, true, startAgain},
	{EventMissing, LevelDamage, false, byHand},
	{EffectMissing, LevelDamage, false, byHand},
	{EventUnpublished, LevelDamage, true, publishRow},
	{EventNotOnTopic, LevelDamage, true, publishCopy},
	{EventUnknown, LevelDamage, false, byHand},
	{DigestMismatch, LevelDamage, false, byHand},
	{StockMismatch, LevelDamage, false, byHand},
	{ReservationOrphaned, LevelDamage, false, byHand},
	{CaptureOrphaned, LevelDamage, true, "give the money back, under the key of its capture"},
	{BookingOrphaned, LevelDamage, true, "cancel the booking, under its key"},
	{CaptureMissing, LevelDamage, false, byHand},
	{BookingMissing, LevelDamage, false, byHand},
	{IncidentOpen, LevelWaiting, false, "a person must decide the incident"},
	{LossAccepted, LevelAccepted, false, "none: a person accepted it"},
}

// Kinds lists every kind, in the order in which a report lists them.
func Kinds() []Kind {
	kinds := make([]Kind, len(natures))
	for n, nature := range natures {
		kinds[n] = nature.kind
	}
	return kinds
}

// Level says how findings of kind k count.
func (k Kind) Level() Level { return k.nature().level }

// Safe reports whether Repair mends findings of kind k.
func (k Kind) Safe() bool { return k.nature().safe }

func (k Kind) nature() nature { return natures[k.rank()] }

func (k Kind) rank() int {
	return slices.IndexFunc(natures, func(n nature) bool { return n.kind == k })
}
