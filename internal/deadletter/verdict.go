package deadletter

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// Verdict is what was decided about a letter.
type Verdict struct {
	State  State     `json:"state"` // StateReplayed or StateDiscarded
	Actor  string    `json:"actor"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// record is v about letter. Its value is empty and not null, which would mean
// "delete the letter" to a topic that somebody set to be compacted.
func (v Verdict) record(letter *kgo.Record) *kgo.Record {
	verdict := &kgo.Record{
		Topic: skald.TopicDeadLetters, Partition: letter.Partition,
		Key: letter.Key, Value: []byte{}, Timestamp: v.At,
	}
	for _, header := range [][2]string{
		{skald.HeaderVerdict, string(v.State)},
		{skald.HeaderVerdictOf, positionOf(letter).String()},
		{skald.HeaderVerdictActor, v.Actor},
		{skald.HeaderVerdictReason, v.Reason},
		{skald.HeaderVerdictDecidedAt, v.At.UTC().Format(time.RFC3339Nano)},
	} {
		verdict.Headers = append(verdict.Headers, kgo.RecordHeader{Key: header[0], Value: []byte(header[1])})
	}
	return verdict
}

// isVerdict reports whether r is a verdict and no letter. Intake drops the
// header from what it parks, so no sender can forge one.
func isVerdict(r *kgo.Record) bool {
	for _, header := range r.Headers {
		if header.Key == skald.HeaderVerdict {
			return true
		}
	}
	return false
}

// readVerdict is the verdict r and its letter. It is not ok when r is no
// verdict, or none that this package wrote: one is behind its letter.
func readVerdict(r *kgo.Record) (of position, v Verdict, ok bool) {
	for _, header := range r.Headers {
		switch text := clip(header.Value); header.Key {
		case skald.HeaderVerdict:
			v.State = State(text)
		case skald.HeaderVerdictOf:
			of, ok = readPosition(text)
		case skald.HeaderVerdictActor:
			v.Actor = text
		case skald.HeaderVerdictReason:
			v.Reason = text
		case skald.HeaderVerdictDecidedAt:
			v.At = readTime(text)
		}
	}
	known := v.State == StateReplayed || v.State == StateDiscarded
	return of, v, ok && known && of.partition == r.Partition && of.offset < r.Offset
}
