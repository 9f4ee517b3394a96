package app_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/skald-saga/skald"
)

// Every step, undo and call × every kind of fault × every moment, generated:
// what each must come to is part of its row, and whatever happened, every
// invariant must hold for its order.
func TestMatrixOfFaultsAndMoments(t *testing.T) {
	t.Parallel()
	var plans []plan
	for _, family := range []func(*testing.T) []plan{stepRows, providerRows, undoRows, settleRows, databaseRows, cancelRowsOfMatrix, parkedRows, acceptRows, intakeRows, relayRows} {
		plans = append(plans, family(t)...)
	}
	p := openPlayground(t)
	p.run(t, plans, p.shrinker())
}

// Plans that found something, or that nothing else plays. SKALD_PLAN names one
// more: a run that fails writes such files.
func TestEveryPlanThatOnceMatteredIsKept(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/plan/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no plans: %v", err)
	}
	p, smaller := openPlayground(t), shrinker(asItIs) // they are as small as they should be
	if file := os.Getenv("SKALD_PLAN"); file != "" {
		files, smaller = []string{file}, p.shrinker()
	}
	p.run(t, readPlans(t, files...), smaller)
}

// run plays all plans at once, and then judges each.
func (p *playground) run(t *testing.T, plans []plan, smaller shrinker) {
	begun := time.Now()
	problems := p.playAll(t.Context(), plans)
	t.Logf("played %d plans in %s", len(plans), time.Since(begun).Round(time.Second))
	p.judgeAll(t, plans, problems, smaller)
}

// judgeAll looks once, and compares each order with its plan. A plan that failed
// is kept, made smaller if it can be.
func (p *playground) judgeAll(t *testing.T, plans []plan, problems []error, smaller shrinker) {
	t.Helper()
	p.awaitPublished(t)
	seen := p.look(t)
	p.wantLetters(t, plans)
	t.Run("nothing else disagrees", func(t *testing.T) { seen.wantNothingFor(t, "") })
	for n, plan := range plans {
		t.Run(plan.Name, func(t *testing.T) {
			said := p.complain(t, plan, problems[n], func(testing.TB) sight { return seen })
			for _, complaint := range said {
				t.Error(complaint)
			}
			if len(said) > 0 {
				smaller(t, plan, said[0]).keep(t)
			}
		})
	}
}

func (p *playground) wantLetters(t *testing.T, plans []plan) {
	t.Helper()
	kafka := newKafka(t, p.Engine.Kafka())
	awaitCaughtUp(t, kafka)
	var letters int64
	for _, plan := range plans {
		letters += int64(plan.Want.Letters)
	}
	if got := records(t, kafka)[skald.TopicDeadLetters]; got != letters {
		t.Errorf("%d dead letters, want %d", got, letters)
	}
}
