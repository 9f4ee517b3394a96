package workers

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

const (
	// letterTimeout bounds one write of a dead letter.
	letterTimeout = 10 * time.Second
	// maxMessageBytes bounds the text of a dead letter's error.
	maxMessageBytes = 1 << 10
)

// deadLetter is the record that parks j's message: key, value, timestamp and
// headers as they came, and headers that say what was wrong. Headers of an
// earlier parking are replaced: a message must not grow each time it is
// replayed.
func deadLetter(j *job, group string, u *unusable) *kgo.Record {
	source := j.record
	replays := "0"
	letter := &kgo.Record{
		Topic: skald.TopicDeadLetters, Partition: source.Partition,
		Key: source.Key, Value: source.Value, Timestamp: source.Timestamp,
	}
	for _, header := range source.Headers {
		switch {
		case header.Key == skald.HeaderLetterReplayCount:
			replays = strconv.FormatUint(countOf(header.Value), 10)
		case skald.IsDeadLetterHeader(header.Key):
		default:
			letter.Headers = append(letter.Headers, header)
		}
	}
	attempts := strconv.Itoa(j.attempts)
	for _, header := range [][2]string{
		{skald.HeaderErrorTopic, source.Topic},
		{skald.HeaderErrorPartition, strconv.FormatInt(int64(source.Partition), 10)},
		{skald.HeaderErrorOffset, strconv.FormatInt(source.Offset, 10)},
		{skald.HeaderErrorGroup, group},
		{skald.HeaderErrorDeliveryCount, attempts},
		{skald.HeaderErrorMessage, truncate(u.Error(), maxMessageBytes)},
		{skald.HeaderLetterReason, string(u.reason)},
		{skald.HeaderLetterStage, u.stage},
		{skald.HeaderLetterFirstFailedAt, j.firstFail.Format(time.RFC3339Nano)},
		{skald.HeaderLetterParkedAt, time.Now().UTC().Format(time.RFC3339Nano)},
		{skald.HeaderLetterAttempts, attempts},
		{skald.HeaderLetterReplayCount, replays},
	} {
		letter.Headers = append(letter.Headers, kgo.RecordHeader{Key: header[0], Value: []byte(header[1])})
	}
	return letter
}

// countOf is a replay count, or 0 for what is not one: a sender may write
// anything there.
func countOf(value []byte) uint64 {
	count, err := strconv.ParseUint(string(value), 10, 16)
	if err != nil {
		return 0
	}
	return count
}

// truncate cuts text to at most limit bytes, between characters.
func truncate(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// park writes the dead letter and waits for every in-sync replica, before the
// caller lets the offset move. That Kafka does not take it is no reason to drop
// the message: it is tried until it succeeds, or the partition is no longer
// ours (false).
func (i *Intake) park(j *job, u *unusable) bool {
	backoff := i.backoff()
	for {
		err := i.write(j.part.calls, deadLetter(j, i.o.Group, u))
		if err == nil {
			i.state.settled(j)
			i.state.parked(u.reason)
			i.o.Logger.Warn("message is a dead letter", "reason", u.reason, "stage", u.stage, "error", u.Error(),
				"topic", j.record.Topic, "partition", j.record.Partition, "offset", j.record.Offset)
			return true
		}
		i.state.waits(j, &unavailable{what: "kafka", err: fmt.Errorf("write dead letter: %w", err)})
		if !sleep(j.part.waits, backoff.next()) {
			return false
		}
	}
}

func (i *Intake) write(ctx context.Context, letter *kgo.Record) error {
	ctx, cancel := context.WithTimeout(ctx, letterTimeout)
	defer cancel()
	return i.letters.ProduceSync(ctx, letter).FirstErr()
}
