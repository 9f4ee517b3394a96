package sagatest

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

// ticket is where an activity is scheduled from: a hook, or else the action that
// runs, even if it has called on a context from elsewhere. Only one action runs
// at a time, but Cancel may be asked meanwhile.
func (p *play) ticket(ctx workflow.Context, activity string) ticket {
	place, ok := saga.PlaceOf(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	hook := ok && place.Phase != saga.PhaseDo && place.Phase != saga.PhaseUndo
	if place = p.doing; hook {
		place = saga.Place{}
	}
	return ticket{ID: len(p.script), Step: place.Step, Phase: place.Phase, Activity: activity}
}

// command notes a command of the workflow.
func (p *play) command(what string, args ...any) {
	p.alive()
	p.mu.Lock()
	p.script = append(p.script, commandText(what, args))
	count, armed := len(p.script), p.armed
	p.armed = false
	p.mu.Unlock()
	if armed {
		p.fire()
	}
	if count == maxCommands {
		p.die("the saga never ends: it has given too many commands")
		p.alive()
	}
}

// timed: a timer ends the workflow task, so what was answered before is in the
// history. There the cancel comes that arrives while no worker is there.
func (p *play) timed() {
	p.mu.Lock()
	p.story.safe = safe{answers: len(p.recorded.order), timer: true}
	r := p.plan.restart
	due := r != nil && r.way != "" && p.memory.of != nothing && !p.fired && r.remember == p.story.safe
	p.mu.Unlock()
	if due {
		p.fire()
	}
}

// scheduled: so does a regular activity, when it is scheduled and not eagerly
// run with the task.
func (p *play) scheduled() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.story.safe = safe{answers: len(p.recorded.order)}
}

// made is how many attempts have been answered.
func (p *play) made() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.recorded.order)
}

// note adds a call to the story.
func (p *play) note(call Call) {
	p.mu.Lock()
	call.safe = p.story.safe
	if !call.Local && call.Fate != Late {
		p.story.safe = safe{answers: len(p.recorded.order)}
	}
	p.story.events = append(p.story.events, event{call: &call})
	many := len(p.story.events) > maxEvents
	p.mu.Unlock()
	if many {
		p.die("the saga never ends: it has made too many calls")
	}
}

// fire asks the saga to cancel.
func (p *play) fire() {
	p.mu.Lock()
	asked := p.plan.cancels()
	p.fired = true
	p.story.events = append(p.story.events, event{asked: asked})
	signal := p.story.outline.CancelSignal
	if signal == "" {
		signal = p.plot.CancelSignal // it has not begun yet
	}
	p.mu.Unlock()
	if asked == bySignal {
		p.env.SignalWorkflow(signal, nil)
		return
	}
	p.env.CancelWorkflow()
}

// die ends the workflow at its next step, as when its worker is killed.
func (p *play) die(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
	if p.why == "" {
		p.why = why
	}
}

// alive does not return when the worker is dead: the panic takes the workflow
// with it.
func (p *play) alive() {
	p.mu.Lock()
	dead := p.dead
	p.mu.Unlock()
	if dead {
		panic(errDead)
	}
}

// Both are final: another attempt would be answered the same, for ever.
var (
	errDead    = temporal.NewNonRetryableApplicationError("the worker is dead", "Dead", nil)
	errUnknown = temporal.NewNonRetryableApplicationError("the history has no such answer", "Unknown", nil)
)
