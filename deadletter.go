package skald

import "strings"

// DeadLetterReason says why a message is a dead letter. It is part of the dead
// letter's headers, and so a promise.
type DeadLetterReason string

// The reasons.
const (
	DeadLetterSchema        DeadLetterReason = "schema"         // it cannot be read, or breaks a rule
	DeadLetterKeyMismatch   DeadLetterReason = "key_mismatch"   // order ID, key and subject differ
	DeadLetterOrderConflict DeadLetterReason = "order_conflict" // the ID belongs to an order with other content
	DeadLetterUnknownOrder  DeadLetterReason = "unknown_order"  // it speaks of an order that does not exist
	DeadLetterCancelRefused DeadLetterReason = "cancel_refused" // the order can no longer be cancelled
	DeadLetterStartRejected DeadLetterReason = "start_rejected" // Temporal will never accept it
	DeadLetterUnknown       DeadLetterReason = "unknown"        // several tries failed in a way that nobody foresaw
)

// DeadLetterReasons lists every reason.
func DeadLetterReasons() []DeadLetterReason {
	return []DeadLetterReason{
		DeadLetterSchema, DeadLetterKeyMismatch, DeadLetterOrderConflict, DeadLetterUnknownOrder,
		DeadLetterCancelRefused, DeadLetterStartRejected, DeadLetterUnknown,
	}
}

// Headers of a dead letter, on top of the message's own. The first six have the
// names that Kafka's brokers use for theirs (KIP-1191), so that tools know them.
// Numbers are decimal, times RFC 3339 with nanoseconds.
const (
	HeaderErrorTopic         = "__dlq.errors.topic"
	HeaderErrorPartition     = "__dlq.errors.partition"
	HeaderErrorOffset        = "__dlq.errors.offset"
	HeaderErrorGroup         = "__dlq.errors.group"
	HeaderErrorDeliveryCount = "__dlq.errors.delivery.count"
	HeaderErrorMessage       = "__dlq.errors.message"

	HeaderLetterReason        = "skald-dlq-reason"
	HeaderLetterStage         = "skald-dlq-stage"
	HeaderLetterFirstFailedAt = "skald-dlq-first-failed-at"
	HeaderLetterParkedAt      = "skald-dlq-parked-at"
	HeaderLetterAttempts      = "skald-dlq-attempts"
	// HeaderLetterReplayCount says how often the message was put back on
	// TopicOrders. Whoever replays it counts up; intake carries it on.
	HeaderLetterReplayCount = "skald-dlq-replay-count"
)

// Headers of a verdict: a record without value on TopicDeadLetters, on the
// partition of the letter that it settles and with the letter's key. A letter
// never has HeaderVerdict.
const (
	HeaderVerdict          = "skald-dlq-verdict"        // replayed or discarded
	HeaderVerdictOf        = "skald-dlq-of"             // the letter: partition-offset on TopicDeadLetters
	HeaderVerdictActor     = "skald-dlq-verdict-actor"  // who settled it
	HeaderVerdictReason    = "skald-dlq-verdict-reason" // why, in the actor's words; may be empty
	HeaderVerdictDecidedAt = "skald-dlq-verdict-decided-at"
)

// GroupReplay is the consumer group whose offsets say how far TopicDeadLetters
// is settled.
const GroupReplay = "skald-dlq-replay"

// IsDeadLetterHeader reports whether a header is about the parking of a message
// and not part of it. Such headers are replaced when a message is parked and
// dropped when it is put back, or a message would grow each time.
func IsDeadLetterHeader(name string) bool {
	return strings.HasPrefix(name, "__dlq.errors.") || strings.HasPrefix(name, "skald-dlq-")
}
