package fault

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"
)

// decisions is part of every hash: another way to decide gets another name, so
// that a plan which names a seed never silently means something else.
const decisions = "skald.fault.v1"

// Fires reports whether the rule fires at an arrival that it matches: at the
// given attempt for the given order (empty where none is known). It depends on
// nothing else, so that it says today what it says in a run, in whatever process
// and after whatever came before. How often it may still fire is not asked.
func (r Rule) Fires(order string, attempt int) bool {
	r = r.Filled()
	if r.Match.Attempts != (Attempts{}) && !r.Match.Attempts.Holds(attempt) {
		return false
	}
	if r.Percentage == 0 || r.Percentage == 100 {
		return true
	}
	return r.share("fire", order, attempt)*100 < float64(r.Percentage)
}

// wait is how long the delay takes: Fixed ± Jitter, as pure as Fires.
func (r Rule) wait(order string, attempt int) time.Duration {
	d := r.Fault.Delay
	if d.Jitter == 0 {
		return time.Duration(d.Fixed)
	}
	around := 2*r.share("delay", order, attempt) - 1
	return time.Duration(d.Fixed) + time.Duration(around*float64(d.Jitter))
}

// share is a number from 0 to below 1 that looks random, from SHA-256 over the
// fields, each with its length before it, so that no two sets of fields run
// together.
func (r Rule) share(question, order string, attempt int) float64 {
	hash := sha256.New()
	var number [8]byte
	for _, field := range []string{decisions, question, r.Name, order, string(r.Match.Point), string(r.Match.Phase)} {
		binary.BigEndian.PutUint64(number[:], uint64(len(field)))
		hash.Write(number[:])
		hash.Write([]byte(field))
	}
	for _, field := range []uint64{r.Seed, uint64(attempt)} { //nolint:gosec // a hash takes any bits
		binary.BigEndian.PutUint64(number[:], field)
		hash.Write(number[:])
	}
	const bits = 53 // of a float64
	return math.Ldexp(float64(binary.BigEndian.Uint64(hash.Sum(nil))>>(64-bits)), -bits)
}
