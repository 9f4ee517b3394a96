package fault

import (
	"context"
	"iter"
	"slices"
	"time"
)

// Call is one arrival at a point.
type Call struct {
	Point Point
	Order string // empty where it is not known
	// Attempt is Temporal's, 1 and up. At 0 the engine counts the arrivals of the
	// order at the point itself.
	Attempt int
	Within  Point // the activity that is running, if one is
	// SKUs are the order's; nil where they are not known. Asked only when a rule
	// has to know.
	SKUs func(context.Context) []string
	// Carried are the rules that the order brought along.
	Carried Carried
}

// Strike is a rule that fires at a call: decided, counted and logged, and not
// yet carried out.
type Strike struct {
	Firing
	Rule   Rule
	engine *Engine
	gone   <-chan struct{}
	until  time.Time
}

// Idle reports whether nothing can fire at the call. It costs one atomic load
// when there are no rules.
func (e *Engine) Idle(call *Call) bool {
	return e == nil || e.live.Load() == nil && len(call.Carried.Rules) == 0
}

// Strikes are the rules that fire at the call in the phase, in the order in
// which they are held, the order's own last. Each is decided, counted and logged
// when it is yielded, so each must be carried out, and who stops has used up no
// more. There are none when the context is exempt.
func (e *Engine) Strikes(ctx context.Context, phase Phase, call Call) iter.Seq[*Strike] {
	if e.Idle(&call) || e.stopped.Load() || exempt(ctx) {
		return noStrikes
	}
	return e.strikes(ctx, phase, call)
}

func noStrikes(func(*Strike) bool) {}

func (e *Engine) strikes(ctx context.Context, phase Phase, call Call) iter.Seq[*Strike] {
	candidates, carried := e.candidates(phase, call)
	if len(candidates) == 0 {
		return noStrikes
	}
	if call.Attempt == 0 {
		call = e.arrive(call, phase)
	}
	return func(yield func(*Strike) bool) {
		for n, r := range candidates {
			own := n >= len(candidates)-carried
			if e.fires(ctx, r, call, own) && !yield(e.strike(ctx, r, call, own)) {
				return
			}
		}
	}
}

// arrive counts an arrival for which the caller has no number.
func (e *Engine) arrive(call Call, phase Phase) Call {
	call.Attempt = e.arrivals.next(string(call.Point) + "/" + string(phase) + "/" + call.Order)
	return call
}

// candidates are the rules about the point and phase; the last of them, as many
// as carried says, came with the order.
func (e *Engine) candidates(phase Phase, call Call) (found []*running, carried int) {
	if live := e.live.Load(); live != nil {
		found = (*live)[place{call.Point, phase}]
	}
	if e.o.Policy.Reach != ByRulesAndHeaders {
		return found, 0
	}
	held := len(found)
	found = slices.Clip(found) // the table's own is not written into
	for _, rule := range call.Carried.Rules {
		if isAt(rule, call, phase) {
			found = append(found, &running{Active{rule, call.Carried.Until}, nil})
		}
	}
	return found, len(found) - held
}

func isAt(r Rule, call Call, phase Phase) bool {
	return r.firesAt() == call.Point && r.Filled().Match.Phase == phase
}

func (e *Engine) fires(ctx context.Context, r *running, call Call, carried bool) bool {
	if !e.o.Now().Before(r.Until) {
		if !carried {
			e.sweep()
		}
		return false
	}
	if !matches(ctx, r.Match, call) || !r.Fires(call.Order, call.Attempt) {
		return false
	}
	return r.Times == 0 || e.count(ctx, countKey(r.Rule, call, carried), r.Times)
}

// countKey keeps an order's own rules apart from those of other orders.
func countKey(r Rule, call Call, carried bool) string {
	if carried {
		return call.Order + "/" + r.Name
	}
	return r.Name
}

func matches(ctx context.Context, m Match, call Call) bool {
	if !m.Order.Matches(call.Order) || m.Within != "" && m.Within != call.Within {
		return false
	}
	if m.SKU == "" {
		return true
	}
	return call.SKUs != nil && slices.ContainsFunc(call.SKUs(Exempt(ctx)), m.SKU.Matches)
}

func (e *Engine) strike(ctx context.Context, r *running, call Call, carried bool) *Strike {
	firing := Firing{
		Rule: r.Name, Point: r.Match.Point, Phase: r.Match.Phase, Order: call.Order, Attempt: call.Attempt, Within: call.Within,
		Fault: r.Fault.String(), Kind: r.Fault.Kind(), Carried: carried, At: e.o.Now().UTC(), Process: e.o.Process,
	}
	e.tally.count(firing)
	e.log.add(firing)
	if e.o.Sink != nil {
		e.o.Sink.Fired(Exempt(ctx), firing)
	}
	return &Strike{Firing: firing, Rule: r.Rule, engine: e, gone: r.gone, until: r.Until}
}
