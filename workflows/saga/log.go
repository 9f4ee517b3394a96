package saga

import (
	"time"
	"unicode/utf8"
)

// Limits of a log.
const (
	MaxEntries    = 400 // more than a definition of MaxSteps steps can fill with one entry per step and phase
	MaxTextLength = 500 // bytes of a note or an error; longer ones are cut
)

// Phase says what an entry is about.
type Phase string

// The phases.
const (
	PhaseDo     Phase = "do"
	PhaseUndo   Phase = "undo"
	PhaseCancel Phase = "cancel"
)

// Outcome is how a phase ended.
type Outcome string

// The outcomes. A do is done, refused, exhausted or cancelled; an undo is undone
// or parked; a cancel is accepted or refused.
const (
	Done      Outcome = "done"
	Refused   Outcome = "refused"   // an error that is Final
	Exhausted Outcome = "exhausted" // any other error: its policy gave up
	Cancelled Outcome = "cancelled" // ended because a cancellation was accepted
	Undone    Outcome = "undone"
	Parked    Outcome = "parked" // the undo was refused for good
	Accepted  Outcome = "accepted"
)

// Entry is one line of a log.
type Entry struct {
	Step    string    `json:"step,omitempty"` // for a cancel: the step it met, empty between two steps
	Phase   Phase     `json:"phase"`
	Undo    string    `json:"undo,omitempty"` // name of the undo
	Outcome Outcome   `json:"outcome"`
	Note    string    `json:"note,omitempty"`
	Error   string    `json:"error,omitempty"`
	Times   int       `json:"times,omitempty"` // how often it ended just so, when more than once
	At      time.Time `json:"at"`              // workflow time of the first time, UTC
}

// Log tells what a saga did, oldest first. What is repeated without a change is
// counted in Times; over MaxEntries, entries that a later one of the same step
// and phase has overtaken are dropped, oldest first.
type Log []Entry

// add returns the log with entry.
func (l Log) add(entry Entry) Log {
	entry.Note, entry.Error = cut(entry.Note, MaxTextLength), cut(entry.Error, MaxTextLength)
	if last := l.last(entry); last != nil && last.repeats(entry) {
		last.Times = max(last.Times, 1) + 1
		return l
	}
	if len(l) >= MaxEntries {
		l = l.dropOvertaken()
	}
	return append(l, entry)
}

// last is the newest entry of the same step and phase, or nil.
func (l Log) last(entry Entry) *Entry {
	for at := len(l) - 1; at >= 0; at-- {
		if l[at].Step == entry.Step && l[at].Phase == entry.Phase {
			return &l[at]
		}
	}
	return nil
}

func (e *Entry) repeats(next Entry) bool {
	return e.Outcome == next.Outcome && e.Note == next.Note && e.Error == next.Error
}

// dropOvertaken always finds one: a full log has more entries than there are
// pairs of a step and a phase.
func (l Log) dropOvertaken() Log {
	for at := range l {
		if l[at+1:].last(l[at]) != nil {
			return append(l[:at:at], l[at+1:]...)
		}
	}
	return l
}

// cut shortens text to at most limit bytes, at a rune's border.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	const mark = "…"
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}
