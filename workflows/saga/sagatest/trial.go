package sagatest

import "io"

// maxTries is how often a case is run whose activities take longer than their
// time-outs, as on a busy machine. In the test environment those are real time.
const maxTries = 5

// trial is a case that was tried.
type trial struct {
	plays []*play // one for each worker
	wrong []string
}

func (t trial) last() *play { return t.plays[len(t.plays)-1] }

// slow is an activity that outlived its time-out, or empty.
func (t trial) slow() string {
	for _, play := range t.plays {
		if play.slow != "" {
			return play.slow
		}
	}
	return ""
}

// try runs a case and judges it.
func (x *exhaustion) try(c scenario) trial { return x.steadily(c, func(*play) {}) }

// look is try, and learns the points at which something can fail.
func (x *exhaustion) look(c scenario) trial {
	return x.steadily(c, func(played *play) {
		if x.plot.Steps == nil {
			x.plot.Outline = played.story.outline
		}
		x.plot.learn(c, played.story.calls())
	})
}

// steadily tries a case until the machine was fast enough for it.
func (x *exhaustion) steadily(c scenario, learn func(*play)) trial {
	for tries := 1; ; tries++ {
		tried := x.once(c, learn)
		slow := tried.slow()
		switch {
		case slow == "":
			return tried
		case tries == maxTries:
			tried.wrong = []string{slow + " takes longer than its time-out, without any fault"}
			return tried
		}
	}
}

// once plays a case in a world of its own, with a second worker if the first one
// dies.
func (x *exhaustion) once(c scenario, learn func(*play)) trial {
	world := x.options.newWorld(x.plot)
	if closer, ok := world.(io.Closer); ok {
		defer func() { _ = closer.Close() }() // a world that cannot be closed says so in its own test
	}
	first := newPlay(x.options, world, c.plan, x.plot, memory{})
	first.run(x.subject)
	tried := trial{plays: []*play{first}}
	if r := c.plan.restart; r != nil {
		next := newPlay(x.options, world, c.plan, x.plot, first.recorded.first(r.remember.answers, restarted))
		next.run(x.subject)
		tried.plays = append(tried.plays, next)
	}
	learn(tried.last())
	tried.wrong = x.judge(c, tried)
	return tried
}

// judge says what is wrong with a trial.
func (x *exhaustion) judge(c scenario, tried trial) []string {
	if c.plan.restart != nil && !tried.plays[0].dead {
		return []string{"the worker did not come to where it was to die: two runs of the same differ"}
	}
	last := tried.last()
	wrong := x.plot.judge(c, x.options, last)
	if last.why == "" {
		wrong = append(wrong, x.replay(c, last)...)
	}
	return wrong
}
