package sagatest

// plan is everything that goes wrong in one run.
type plan struct {
	faults  []fault
	cancel  *cancel
	restart *restart
}

// way is how a saga is asked to cancel.
type way string

const (
	byContext way = "the workflow is cancelled"
	bySignal  way = "the cancel signal comes"
)

// cancel asks the saga to cancel: when the attempt of the point has had its
// effect and its answer is still on the way, or, waiting, when it has failed and
// waits for the next one. The zero point is before the first step.
type cancel struct {
	way     way
	at      point
	attempt int
	waiting bool
}

// restart kills the worker when the nth call has had its effect; another one
// goes on with what the history has. If way is set, a cancel has arrived in
// between; trouble meets the second worker only.
type restart struct {
	after    int // calls
	remember safe
	way      way
	trouble  *fault
}

// fault is what meets an attempt, or nil.
func (p plan) fault(at point, nth int, local bool, of origin) *fault {
	if r := p.restart; r != nil && of != nothing && r.trouble != nil && r.trouble.meets(at, nth, local) {
		return r.trouble
	}
	for i := range p.faults {
		if p.faults[i].meets(at, nth, local) {
			return &p.faults[i]
		}
	}
	return nil
}

// cancels is how the saga is asked to cancel, if it is.
func (p plan) cancels() way {
	switch {
	case p.cancel != nil:
		return p.cancel.way
	case p.restart != nil:
		return p.restart.way
	}
	return ""
}

// scenario is one case: a run of the saga with what goes wrong in it.
type scenario struct {
	Name  string // a sentence
	plan  plan
	loose bool // what is planned need not happen
}
