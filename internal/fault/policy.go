package fault

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Reach is from where rules may come.
type Reach string

// The reaches.
const (
	// Off: from nowhere. No fault ever fires, and whoever sends one is told.
	Off Reach = "off"
	// ByRules: from whoever may write rules.
	ByRules Reach = "rules"
	// ByRulesAndHeaders: also from whoever may place an order, for that order.
	ByRulesAndHeaders Reach = "rules+headers"
)

// Policy says which rules a process takes. The zero value is Off.
type Policy struct {
	Reach Reach // default Off
	// Kinds that are taken. Default: all.
	Kinds []Kind
	// MaxPercentage is the most that a rule may ask for. Default 100.
	MaxPercentage float64
	// MaxTTL is the longest that a rule may live. Default MaxTTL.
	MaxTTL time.Duration
	// Scoped takes only rules that name their orders, by ID or by at least
	// MinScope characters that IDs begin with.
	Scoped bool
}

// Limits of a scoped policy.
const (
	MinScope                = 4
	ProductionMaxPercentage = 5
	ProductionMaxTTL        = 15 * time.Minute
)

// Development takes every rule that is valid.
func Development() Policy { return Policy{Reach: ByRulesAndHeaders} }

// Production takes rules about named orders, for at most ProductionMaxPercentage
// of them and ProductionMaxTTL, and none that ends a process or damages data.
func Production() Policy {
	return Policy{
		Reach: ByRules, Scoped: true, MaxPercentage: ProductionMaxPercentage, MaxTTL: ProductionMaxTTL,
		Kinds: []Kind{KindAbort, KindDelay, KindHang, KindDuplicate},
	}
}

func (p Policy) withDefaults() Policy {
	if p.Reach == "" {
		p.Reach = Off
	}
	if len(p.Kinds) == 0 {
		p.Kinds = Kinds()
	}
	if p.MaxPercentage == 0 {
		p.MaxPercentage = 100
	}
	if p.MaxTTL == 0 {
		p.MaxTTL = MaxTTL
	}
	return p
}

// Validate names every field that cannot be used, with its value and bound.
func (p Policy) Validate() error {
	p = p.withDefaults()
	var problems []error
	if !slices.Contains([]Reach{Off, ByRules, ByRulesAndHeaders}, p.Reach) {
		problems = append(problems, fmt.Errorf("faults: Reach is %q: must be off, rules or rules+headers", p.Reach))
	}
	for _, kind := range p.Kinds {
		if !slices.Contains(Kinds(), kind) {
			problems = append(problems, fmt.Errorf("faults: Kinds has %q: must be of %s", kind, list(Kinds())))
		}
	}
	if m := p.MaxPercentage; math.IsNaN(m) || m < 0 || m > 100 {
		problems = append(problems, fmt.Errorf("faults: MaxPercentage is %v: must be above 0 and at most 100", m))
	}
	if p.MaxTTL < 0 || p.MaxTTL > MaxTTL {
		problems = append(problems, fmt.Errorf("faults: MaxTTL is %s: must be above 0s and at most %s", p.MaxTTL, MaxTTL))
	}
	return errors.Join(problems...)
}

// ErrOff says that faults are switched off here.
var ErrOff = errors.New("failure injection is off")

// Admit errors when the rule is not valid or the policy does not take it, and
// says what it would take.
func (p Policy) Admit(r Rule) error {
	p, r = p.withDefaults(), r.Filled()
	if p.Reach == Off {
		return ErrOff
	}
	if err := r.Validate(); err != nil {
		return err
	}
	var problems []error
	if !slices.Contains(p.Kinds, r.Fault.Kind()) {
		problems = append(problems, fmt.Errorf("fault is %s: only %s here", r.Fault.Kind(), list(p.Kinds)))
	}
	asked := float64(r.Percentage)
	if asked == 0 {
		asked = 100
	}
	if asked > p.MaxPercentage {
		problems = append(problems, fmt.Errorf("percentage is %v: must be at most %v here", asked, p.MaxPercentage))
	}
	if r.Life() > p.MaxTTL {
		problems = append(problems, fmt.Errorf("ttl is %s: must be at most %s here", r.Life(), p.MaxTTL))
	}
	if name, open := strings.CutSuffix(string(r.Match.Order), "*"); p.Scoped && (name == "" || open && len(name) < MinScope) {
		problems = append(problems, fmt.Errorf("match.order is %q: must be an order, or at least %d characters and * here", r.Match.Order, MinScope))
	}
	return errors.Join(problems...)
}
