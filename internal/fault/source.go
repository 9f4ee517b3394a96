package fault

import (
	"context"
	"fmt"
	"time"
)

// Source is where the rules of all processes are kept.
type Source interface {
	// ActiveRules lists the rules that have not ended, in the order in which they
	// are asked, and whether all faults are halted.
	ActiveRules(ctx context.Context) (rules []Active, halted bool, err error)
}

// DefaultEvery is how often Follow asks: how late a rule reaches a process.
const DefaultEvery = time.Second

// Follow holds the source's rules, and none beside them, until ctx is done: it
// asks at once, then when wake receives (it may be nil) and every so often (0:
// DefaultEvery). While the source does not answer, the rules that are held stay,
// and end in their time. A halt of the source is a Halt here; a resume there
// ends it only if the source's halt began it.
func (e *Engine) Follow(ctx context.Context, source Source, wake <-chan struct{}, every time.Duration) error {
	if every < 0 {
		return fmt.Errorf("faults: every is %s: must not be negative", every)
	}
	if every == 0 {
		every = DefaultEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	f := follower{engine: e, source: source}
	for {
		f.ask(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case _, open := <-wake:
			if !open {
				wake = nil // a closed channel would ask without end
			}
		}
	}
}

type follower struct {
	engine  *Engine
	source  Source
	halted  bool   // by the source
	trouble string // said already
}

func (f *follower) ask(ctx context.Context) {
	rules, halted, err := f.source.ActiveRules(Exempt(ctx))
	if err == nil {
		f.halt(halted)
		err = f.engine.Replace(rules)
	}
	if err == nil || ctx.Err() != nil {
		f.trouble = ""
		return
	}
	if f.trouble != err.Error() { // once, not every second
		f.trouble = err.Error()
		f.engine.o.Logger.WarnContext(ctx, "fault rules are not as they are stored", "error", err)
	}
}

func (f *follower) halt(halted bool) {
	switch {
	case halted && !f.halted:
		f.halted = !f.engine.Halted() // one that held before is somebody else's to end
		f.engine.Halt()
	case !halted && f.halted:
		f.halted = false
		f.engine.Resume()
	}
}
