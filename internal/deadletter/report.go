package deadletter

import (
	"cmp"
	"slices"

	"github.com/skald-saga/skald"
)

// Report says what a replay or a discard did, or with DryRun would do.
type Report struct {
	DryRun bool `json:"dry_run"`
	// Planned counts the letters that were chosen and not skipped. In a report
	// that comes with an error, one more may be planned than settled.
	Planned   int `json:"planned"`
	Replayed  int `json:"replayed"`
	Discarded int `json:"discarded"`
	// Reasons breaks the counts down by the letters' reasons, sorted. A reason
	// that intake does not give is counted as the empty one.
	Reasons []Count `json:"reasons"`
	// Skipped lists what was chosen and left as it is.
	Skipped []Skipped `json:"skipped"`
	// More says that Max ended the replay: the same call goes on.
	More bool `json:"more"`
}

// Count is a line of a Report.
type Count struct {
	Reason    skald.DeadLetterReason `json:"reason"`
	Planned   int                    `json:"planned"`
	Replayed  int                    `json:"replayed"`
	Discarded int                    `json:"discarded"`
}

// Skipped says how many letters of one reason were left as they are, and why.
type Skipped struct {
	Why     Why                    `json:"why"`
	Reason  skald.DeadLetterReason `json:"reason"` // empty also for WhyNotFound
	Count   int                    `json:"count"`
	Letters []string               `json:"letters"` // IDs; the first 20
}

// Why says why a letter was skipped.
type Why string

// The reasons to skip a letter. Letters skipped for the first two stay parked.
const (
	WhyCap              Why = "replay_cap"        // it was put back as often as the cap allows
	WhyTooLarge         Why = "too_large"         // the orders topic does not take a message of its size
	WhyAlreadyReplayed  Why = "already_replayed"  // it has this verdict
	WhyAlreadyDiscarded Why = "already_discarded" // it has this verdict
	WhyNotFound         Why = "not_found"         // there is no such letter, or Kafka no longer keeps it
)

// Meaning is a sentence for people.
func (w Why) Meaning() string {
	switch w {
	case WhyCap:
		return "put back as often as the cap allows; it stays parked: discard it, or replay it with a higher cap"
	case WhyTooLarge:
		return "larger than the orders topic takes; it stays parked"
	case WhyAlreadyReplayed:
		return "replayed before"
	case WhyAlreadyDiscarded:
		return "discarded before"
	case WhyNotFound:
		return "no such dead letter, or no longer kept"
	default:
		return string(w)
	}
}

func newReport(dryRun bool) *Report {
	return &Report{DryRun: dryRun, Reasons: []Count{}, Skipped: []Skipped{}}
}

func (r *Report) planned(l Letter) {
	r.Planned++
	r.count(l).Planned++
}

func (r *Report) settled(l Letter, verdict State) {
	if verdict == StateReplayed {
		r.Replayed++
		r.count(l).Replayed++
		return
	}
	r.Discarded++
	r.count(l).Discarded++
}

func (r *Report) count(l Letter) *Count {
	reason := known(l.Reason)
	at, found := slices.BinarySearchFunc(r.Reasons, reason, func(c Count, reason skald.DeadLetterReason) int {
		return cmp.Compare(c.Reason, reason)
	})
	if !found {
		r.Reasons = slices.Insert(r.Reasons, at, Count{Reason: reason})
	}
	return &r.Reasons[at]
}

// known keeps a report small whatever was written to the topic.
func known(reason skald.DeadLetterReason) skald.DeadLetterReason {
	if slices.Contains(skald.DeadLetterReasons(), reason) {
		return reason
	}
	return ""
}

func (r *Report) skip(why Why, reason skald.DeadLetterReason, id string) {
	reason = known(reason)
	at, found := slices.BinarySearchFunc(r.Skipped, Skipped{Why: why, Reason: reason}, func(a, b Skipped) int {
		return cmp.Or(cmp.Compare(a.Why, b.Why), cmp.Compare(a.Reason, b.Reason))
	})
	if !found {
		r.Skipped = slices.Insert(r.Skipped, at, Skipped{Why: why, Reason: reason, Letters: []string{}})
	}
	s := &r.Skipped[at]
	s.Count++
	if len(s.Letters) < maxNamed {
		s.Letters = append(s.Letters, id)
	}
}

// skipSettled skips a letter that has its verdict, and reports whether it has.
func (r *Report) skipSettled(l Letter) bool {
	switch l.State {
	case StateReplayed:
		r.skip(WhyAlreadyReplayed, l.Reason, l.ID)
	case StateDiscarded:
		r.skip(WhyAlreadyDiscarded, l.Reason, l.ID)
	default:
		return false
	}
	return true
}

func (r *Report) skipMissing(missing []position) {
	for _, p := range missing {
		r.skip(WhyNotFound, "", p.String())
	}
}
