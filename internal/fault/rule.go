package fault

import (
	"strings"
	"time"
)

// Limits of rules.
const (
	// DefaultTTL is how long a rule lives that does not say.
	DefaultTTL = 10 * time.Minute
	// MaxTTL is how long any rule may live.
	MaxTTL = time.Hour
	// MaxDelay bounds a delay, a retry delay, and how late a late effect comes.
	MaxDelay = 5 * time.Minute
	// MaxHang bounds a hang where nobody sets a deadline.
	MaxHang = 5 * time.Minute
	// MaxDuplicates bounds the extra calls of a duplicate.
	MaxDuplicates = 9
	// MaxTimes bounds times.
	MaxTimes = 1_000_000
)

// Rule is one fault at one point. The zero value of an optional field means its
// default.
type Rule struct {
	// Name is unique among the rules of an engine and part of every decision.
	// Default: point, phase and kind, as in "charge_payment.after.abort".
	Name  string `json:"name,omitempty"`
	Match Match  `json:"match"`
	Fault Fault  `json:"fault"`
	// Percentage of the arrivals that match. Default 100.
	Percentage Percentage `json:"percentage,omitempty"`
	// Times is how often the rule fires at most, in all processes together. 0
	// means without limit, which a kill may not have.
	Times int `json:"times,omitempty"`
	// TTL is how long the rule lives: DefaultTTL by default, at most MaxTTL.
	TTL Duration `json:"ttl,omitempty"`
	// Seed makes other decisions of the same rule.
	Seed uint64 `json:"seed,omitempty"`
}

// Match says where a rule fires. An empty field matches everything.
type Match struct {
	Point Point `json:"point"` // required
	// Phase is Before by default, and Around for a duplicate.
	Phase Phase `json:"phase,omitempty"`
	// Order is an order ID, or the beginning of some, ending in "*".
	Order Pattern `json:"order,omitempty"`
	// SKU matches when the order has such an item.
	SKU Pattern `json:"sku,omitempty"`
	// Attempts of an activity: 1 to 3 are the fast path, 4 and later the slow
	// one. Elsewhere: arrivals of the order in this process.
	Attempts Attempts `json:"attempts,omitzero"`
	// Within is the activity that must be running: of database and provider points.
	Within Point `json:"within,omitempty"`
}

// Filled is the rule with every default that says when it fires: a name, a
// phase, and the kind's own.
func (r Rule) Filled() Rule {
	if r.Match.Phase == "" {
		r.Match.Phase = Before
		if r.Fault.Duplicate != nil {
			r.Match.Phase = Around
		}
	}
	if r.Name == "" {
		r.Name = strings.Join([]string{string(r.Match.Point), string(r.Match.Phase), string(r.Fault.Kind())}, ".")
	}
	if r.Fault.Kill != nil && r.Fault.Kill.Signal == "" {
		r.Fault.Kill = &Kill{Signal: SignalKill}
	}
	if d := r.Fault.Duplicate; d != nil && d.Extra == 0 {
		r.Fault.Duplicate = &Duplicate{Extra: 1, Concurrent: d.Concurrent}
	}
	return r
}

// Life is how long the rule lives.
func (r Rule) Life() time.Duration {
	if r.TTL == 0 {
		return DefaultTTL
	}
	return time.Duration(r.TTL)
}

// firesAt is the point that is asked about the rule, which differs from the one
// it names where only part of the place can do it.
func (r Rule) firesAt() Point {
	switch {
	case r.Fault.Abort != nil && r.Fault.Abort.Error == Refused:
		known, _ := traitOf(r.Match.Point)
		return known.refuses
	case r.Fault.Corrupt != nil && r.Match.Point == PointIntake:
		return PointIntakeRecord
	case r.Fault.Corrupt != nil:
		return PointRelayRecord
	}
	return r.Match.Point
}
