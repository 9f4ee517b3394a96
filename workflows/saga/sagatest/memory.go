package sagatest

// memory is the history that a worker replays: what activities and side effects
// have answered.
type memory struct {
	answers     map[key]answer
	order       []key
	limit       int // how many answers are remembered
	sideEffects []any
	of          origin
}

// origin says which worker remembers.
type origin int

const (
	nothing   origin = iota // the first one
	restarted               // one that goes on after another has died
	all                     // one that replays the whole run
)

// key names an attempt: the scheduled activity by its place in the order of the
// commands, and the try.
type key struct{ id, try int }

type answer struct {
	activity string
	result   any
	err      error
	panics   bool
	fate     Fate
	planned  bool
}

func (m memory) has(call Call) bool {
	for _, k := range m.order[:m.limit] {
		if k == (key{call.id, call.try}) {
			return m.answers[k].activity == call.Activity
		}
	}
	return false
}

// first is m with only the first answers.
func (m memory) first(limit int, of origin) memory {
	m.limit, m.of = min(limit, len(m.order)), of
	if of == restarted {
		m.sideEffects = nil // they are forgotten with the workflow task they were made in, or made anew
	}
	return m
}

// recall answers an attempt from the history.
func (p *play) recall(call Call) (any, error) {
	known := p.memory.answers[key{call.id, call.try}]
	call.Fate, call.Err, call.planned, call.Recalled = known.fate, textOf(known.err), known.planned, true
	p.answered(call, known)
	if r := p.plan.restart; r != nil && r.way != "" && r.remember == (safe{answers: p.made()}) {
		p.fire()
	}
	if known.panics {
		panic(known.err.Error())
	}
	return known.result, known.err
}

// answered keeps the answer of an attempt and asks for the cancel that is due.
func (p *play) answered(call Call, a answer) {
	a.activity, a.fate, a.planned = call.Activity, call.Fate, call.planned
	p.mu.Lock()
	k := key{call.id, call.try}
	p.recorded.answers[k] = a
	p.recorded.order = append(p.recorded.order, k)
	p.recorded.limit = len(p.recorded.order)
	p.mu.Unlock()
	p.note(call)
	c := p.plan.cancel
	if c == nil || c.at == (point{}) || c.at != call.point() || c.attempt != call.Attempt {
		return
	}
	switch {
	case !c.waiting:
		p.fire()
	case call.Local: // the workflow learns of it, and starts a timer or the slow path
		p.mu.Lock()
		p.armed = true
		p.mu.Unlock()
	default: // only the server learns of it
		p.env.RegisterDelayedCallback(p.fire, waits)
	}
}

// sideEffect answers from the history what is there.
func (p *play) sideEffect(f func() any) any {
	p.mu.Lock()
	at, known := len(p.recorded.sideEffects), p.memory.sideEffects
	p.mu.Unlock()
	var value any
	if at < len(known) {
		value = known[at]
	} else {
		value = f()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.recorded.sideEffects = append(p.recorded.sideEffects, value)
	return value
}
