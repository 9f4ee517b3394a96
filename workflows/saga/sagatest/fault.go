package sagatest

import (
	"fmt"
	"math"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
)

// kind is a way in which an attempt of an activity goes wrong.
type kind int

const (
	failsBefore kind = iota // no effect, an error that another attempt may mend
	losesAnswer             // the effect, and then such an error
	panics                  // no effect
	refuses                 // no effect, an error that is final
	landsLate               // a time-out; the first such attempt has its effect later
)

// landing is when an attempt that was given up has its effect.
type landing int

const (
	atEnd      landing = iota // when the saga has ended
	afterRetry                // when a later attempt has succeeded
	afterUndo                 // when the undo of its step has succeeded
)

// fault is one thing that goes wrong, at the first attempts of one point.
type fault struct {
	at        point
	kind      kind
	times     int  // how many attempts; always: all
	localOnly bool // meets only attempts as a local activity
	lands     landing
}

// always is more attempts than any run makes, see maxEvents.
const always = math.MaxInt

// meets reports whether f strikes the nth attempt at a point.
func (f fault) meets(at point, nth int, local bool) bool {
	return f.at == at && nth <= f.times && (local || !f.localOnly)
}

// err is what the attempt answers.
func (f fault) err(name string) error {
	switch f.kind {
	case refuses:
		return temporal.NewNonRetryableApplicationError(f.text(name), "InjectedRefusal", nil)
	case landsLate:
		return temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, nil)
	case failsBefore, losesAnswer, panics:
	}
	return temporal.NewApplicationError(f.text(name), "InjectedFailure")
}

func (f fault) text(name string) string {
	switch f.kind {
	case failsBefore:
		return name + " failed, injected"
	case losesAnswer:
		return "the answer of " + name + " was lost, injected"
	case panics:
		return name + " panicked, injected"
	case refuses:
		return name + " was refused, injected"
	case landsLate:
	}
	return name + " timed out, injected"
}

// sentence says what goes wrong, without the subject.
func (f fault) sentence() string {
	times := map[int]string{1: "once", 2: "twice", always: "until it is given up"}[f.times]
	switch {
	case f.localOnly:
		times = "until it gives way to the slow path"
	case times == "":
		times = fmt.Sprintf("%d times", f.times)
	}
	switch f.kind {
	case failsBefore:
		return "fails " + times
	case losesAnswer:
		return "answer lost after the effect " + times
	case panics:
		return "panics " + times
	case refuses:
		if f.times == always {
			return "is refused"
		}
		return "is refused " + times
	case landsLate:
	}
	when := map[landing]string{
		atEnd: "when the saga has ended", afterRetry: "after the attempt that succeeds", afterUndo: "after the undo",
	}[f.lands]
	return fmt.Sprintf("times out %s and lands %s", times, when)
}
