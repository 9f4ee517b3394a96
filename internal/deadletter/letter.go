package deadletter

import (
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// Letter describes one dead letter, without its content.
type Letter struct {
	// ID is "partition-offset" on skald.TopicDeadLetters.
	ID string `json:"id"`
	// OrderID is the message's key. For key_mismatch it may not be an order's.
	OrderID string                 `json:"order_id"`
	Reason  skald.DeadLetterReason `json:"reason"`
	Stage   string                 `json:"stage"`   // what intake was doing
	Message string                 `json:"message"` // what was wrong; repeats no value of the message
	// FirstFailedAt is zero when the letter does not say.
	FirstFailedAt time.Time `json:"first_failed_at,omitzero"`
	// ParkedAt is FirstFailedAt when the letter does not say, and the record's
	// time when it says neither.
	ParkedAt    time.Time `json:"parked_at"`
	Attempts    int       `json:"attempts"`
	ReplayCount int       `json:"replay_count"` // how often the message was put back before
	Source      Source    `json:"source"`
	ValueBytes  int       `json:"value_bytes"`
	State       State     `json:"state"`
	Verdict     *Verdict  `json:"verdict,omitempty"` // nil while parked
}

// Source is where intake read the message.
type Source struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

// State says what became of a letter.
type State string

// The states of letters. StateAll is none: it selects any.
const (
	StateParked    State = "parked"
	StateReplayed  State = "replayed"
	StateDiscarded State = "discarded"
	StateAll       State = "all"
)

// readLetter describes r. What a header does not say, or says in no known form,
// is left out: anyone can write to the topic.
func readLetter(r *kgo.Record) Letter {
	l := Letter{
		ID: positionOf(r).String(), OrderID: clip(r.Key), ValueBytes: len(r.Value), State: StateParked,
		Source: Source{Partition: r.Partition}, ParkedAt: r.Timestamp.UTC(),
	}
	var parkedAt time.Time
	for _, header := range r.Headers {
		switch text := clip(header.Value); header.Key {
		case skald.HeaderLetterReason:
			l.Reason = skald.DeadLetterReason(text)
		case skald.HeaderLetterStage:
			l.Stage = text
		case skald.HeaderErrorMessage:
			l.Message = text
		case skald.HeaderLetterFirstFailedAt:
			l.FirstFailedAt = readTime(text)
		case skald.HeaderLetterParkedAt:
			parkedAt = readTime(text)
		case skald.HeaderLetterAttempts:
			l.Attempts = int(readCount(text, 31))
		case skald.HeaderLetterReplayCount:
			l.ReplayCount = int(readCount(text, 16))
		case skald.HeaderErrorTopic:
			l.Source.Topic = text
		case skald.HeaderErrorPartition:
			l.Source.Partition = int32(readCount(text, 31)) //nolint:gosec // 31 bits fit
		case skald.HeaderErrorOffset:
			l.Source.Offset = readCount(text, 63)
		}
	}
	for _, at := range []time.Time{l.FirstFailedAt, parkedAt} {
		if !at.IsZero() {
			l.ParkedAt = at
		}
	}
	return l
}

// clip is value as text of bounded length.
func clip(value []byte) string {
	return strings.ToValidUTF8(string(value[:min(len(value), maxTextBytes)]), "\uFFFD")
}

// readTime is a time, or zero for what is none.
func readTime(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// readCount is a number of at most bits bits, or 0 for what is none.
func readCount(text string, bits int) int64 {
	count, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		return 0
	}
	return int64(count) //nolint:gosec // at most 63 bits
}
