package saga

import "go.temporal.io/sdk/workflow"

// cancellation is what a run knows about being asked to stop. One coroutine
// answers every request; the run waits for it between steps, so an answer
// never falls into a hook or an undo.
type cancellation struct {
	do       workflow.Context // what dos run on
	cancelDo workflow.CancelFunc

	caller workflow.Context        // its cancellation is a request
	heard  bool                    // that one has been asked
	signal workflow.ReceiveChannel // nil without CancelSignal

	open     bool   // requests are answered now
	meets    string // the running step, empty between two
	asking   bool   // the coroutine waits for an answer
	accepted bool
	over     bool // Run is about to return
	gone     bool // the coroutine has ended
}

// pending reports whether a request waits to be answered.
func (c *cancellation) pending() bool {
	return c.caller.Err() != nil && !c.heard || c.signal != nil && c.signal.Len() > 0
}

// hear takes every request that has arrived as one.
func (c *cancellation) hear() {
	c.heard = c.heard || c.caller.Err() != nil
	for c.signal != nil && c.signal.ReceiveAsync(nil) {
		continue // several signals are one request
	}
}

// admitCancellation opens the run for requests, with a fresh context for dos.
func (r *run[S]) admitCancellation() {
	r.cancel.do, r.cancel.cancelDo = workflow.WithCancel(r.ctx)
	r.cancel.open, r.cancel.accepted = true, false
}

// listen starts the coroutine that answers requests.
func (r *run[S]) listen(caller workflow.Context) {
	r.cancel.caller = caller
	if r.def.CancelSignal != "" {
		r.cancel.signal = workflow.GetSignalChannel(r.ctx, r.def.CancelSignal)
	}
	workflow.GoNamed(r.ctx, "saga cancellation", func(ctx workflow.Context) {
		c := &r.cancel
		for {
			r.await(ctx, func() bool { return c.over || c.open && !c.accepted && c.pending() })
			if c.over {
				c.gone = true
				return
			}
			c.asking = true
			r.answer(ctx)
			c.asking = false
		}
	})
}

// answer puts one request to Cancel.
func (r *run[S]) answer(ctx workflow.Context) {
	c := &r.cancel
	c.hear()
	entry := Entry{Step: c.meets, Phase: PhaseCancel, Outcome: Refused}
	accepted, err := !r.passed, error(nil)
	switch {
	case r.passed:
		entry.Note = "the pivot has passed"
	case r.def.Cancel != nil:
		accepted, err = r.def.Cancel(r.at(ctx, c.meets, PhaseCancel), r.state)
	}
	if accepted && err == nil {
		entry.Outcome, c.accepted = Accepted, true
	}
	r.record(ctx, entry, err)
	if c.accepted {
		c.cancelDo()
	}
}

// settleRequests waits until every request that has arrived is answered.
func (r *run[S]) settleRequests() {
	c := &r.cancel
	r.await(r.ctx, func() bool { return !c.asking && (c.accepted || !c.pending()) })
}

// settleAnswer waits for the answer to a request that is being asked.
func (r *run[S]) settleAnswer() {
	r.await(r.ctx, func() bool { return !r.cancel.asking })
}

// stopListening ends the coroutine and waits for it. Requests that came too late
// are dropped, or the SDK would warn of signals that nobody took.
func (r *run[S]) stopListening() {
	r.cancel.hear()
	r.cancel.over = true
	r.await(r.ctx, func() bool { return r.cancel.gone })
}
