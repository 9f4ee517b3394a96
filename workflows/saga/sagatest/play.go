package sagatest

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/skald-saga/skald/workflows/saga"
)

// Limits of one run.
const (
	maxEvents   = 5000 // of its story; more: it never ends
	maxCommands = 2000 // of the workflow, timers included; likewise
)

// ahead is how far the clock of the runs is ahead of the wall's. The test
// environment takes the deadline of a local activity from its own clock and
// holds it against the wall's: one that lagged behind would time out at once.
const ahead = 24 * time.Hour

// subject is what is exhausted: a workflow that runs a saga.
type subject struct {
	workflow any
	args     []any
	began    time.Time // in the runs' time, the same for all: a replay must see it too
}

// play is one execution of a subject by one worker.
type play struct {
	options Options
	world   World
	plan    plan
	memory  memory
	plot    *plot
	env     *testsuite.TestWorkflowEnvironment

	mu       sync.Mutex
	story    story
	script   []string // the commands, to be compared with a replay's
	recorded memory
	calls    map[int]int   // attempts, by id of the scheduled activity
	visits   map[point]int // attempts, by point
	late     []lateAttempt
	doing    saga.Place // the action that runs, or zero
	fired    bool       // the cancel
	armed    bool       // the cancel comes with the next command
	slow     string     // an activity that outlived its time-out
	running  int        // attempts
	left     sync.Cond  // one of them has ended
	over     bool       // no more attempts
	dead     bool       // the worker is to die, or has
	why      string     // what ended the run from outside
}

func newPlay(o Options, world World, plan plan, plot *plot, remembered memory) *play {
	p := &play{
		options: o, world: world, plan: plan, plot: plot, memory: remembered,
		recorded: memory{answers: map[key]answer{}}, calls: map[int]int{}, visits: map[point]int{},
	}
	p.left.L = &p.mu
	return p
}

// run carries out the subject.
func (p *play) run(s subject) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	p.env = suite.NewTestWorkflowEnvironment()
	p.env.SetStartTime(s.began)
	p.env.SetTestTimeout(p.options.Stuck)
	p.world.Register(p.env)
	p.env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&spy{play: p}}})
	if p.cancelsAtOnce() {
		p.env.RegisterDelayedCallback(p.fire, 0)
	}
	p.execute(s)
	p.end()
}

// cancelsAtOnce: also when the cancel has arrived while no worker was there and
// the next one remembers nothing.
func (p *play) cancelsAtOnce() bool {
	if r := p.plan.restart; r != nil {
		return r.way != "" && r.remember == safe{} && p.memory.of != nothing
	}
	return p.plan.cancel != nil && p.plan.cancel.at == point{}
}

func (p *play) execute(s subject) {
	defer func() {
		if cause := recover(); cause != nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.why = stopped(fmt.Sprint(cause))
		}
	}()
	p.env.ExecuteWorkflow(s.workflow, s.args...)
}

// stopped is why the test environment gave up.
func stopped(cause string) string {
	if strings.Contains(cause, "test timeout") {
		return "the workflow is stuck: an activity does not return"
	}
	return "the test environment gave up: " + cause
}

// end lets the attempts that are left have their effects, and keeps the close.
func (p *play) end() {
	p.mu.Lock()
	for p.running > 0 && p.why == "" { // otherwise one may never return
		p.left.Wait()
	}
	p.over = true
	p.mu.Unlock()
	p.land(func(lateAttempt) bool { return true })
	p.mu.Lock()
	defer p.mu.Unlock()
	p.story.completed = p.env.IsWorkflowCompleted()
	if p.story.completed {
		p.story.closed = p.env.GetWorkflowError()
	}
}

// told is what the world hears about the run.
func (p *play) told(c scenario) Run {
	return Run{
		Case: c.Name, Calls: p.story.calls(), Log: p.story.log, Err: p.story.err, Closed: p.story.closed,
		Result: p.env.GetWorkflowResult,
	}
}
