package workers

import (
	"errors"

	"github.com/skald-saga/skald"
)

// work takes one job to its end: handled, parked, or abandoned because its
// partition was taken away. Only an abandoned message stays uncommitted, and its
// next owner reads it again.
func (i *Intake) work(j *job) {
	defer j.part.jobs.Done()
	defer j.slot.drop()
	done := i.conclude(j)
	i.state.settled(j)
	if done {
		i.tracker.Done(j.record)
		i.valve.widen(j.part.partition)
	}
}

// conclude reports whether the message needs nothing more.
func (i *Intake) conclude(j *job) bool {
	for {
		err := i.try(j)
		if errors.Is(err, errAbandoned) {
			return false
		}
		var u *unusable
		isUnusable := errors.As(err, &u)
		if !i.breaker.report(isUnusable && systemic(u.reason), j.probed) {
			return !isUnusable || i.park(j, u)
		}
		var ok bool
		if j.probed, ok = i.breaker.admit(j.part.waits); !ok {
			return false
		}
	}
}

// errAbandoned: the job's partition is no longer ours.
var errAbandoned = errors.New("partition was taken away")

// try repeats handle until it says yes (nil) or never (an *unusable). What is
// away is waited for without end; what nobody foresaw is tried a few times.
func (i *Intake) try(j *job) error {
	backoff := i.backoff()
	for unknown := 0; j.part.waits.Err() == nil; {
		err := i.handle(j.part.calls, j)
		if err == nil {
			return nil
		}
		j.failed()
		switch {
		case isA[*unusable](err):
			return err
		case isA[*unavailable](err):
			i.state.waits(j, err)
		default:
			if unknown++; unknown == unknownTries {
				return &unusable{reason: skald.DeadLetterUnknown, stage: stageHandle, err: err}
			}
		}
		sleep(j.part.waits, backoff.next())
	}
	return errAbandoned
}
