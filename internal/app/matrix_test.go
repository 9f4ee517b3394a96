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
	openPlayground(t).run(t, plans)
}

// Plans that found something, or that nothing else plays. SKALD_PLAN names one
// more: a run that fails writes such files.
func TestEveryPlanThatOnceMatteredIsKept(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/plan/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no plans: %v", err)
	}
	if file := os.Getenv("SKALD_PLAN"); file != "" {
		files = []string{file}
	}
	openPlayground(t).run(t, readPlans(t, files...))
}

// run plays all plans at once, and then judges each.
func (p *playground) run(t *testing.T, plans []plan) {
	begun := time.Now()
	problems := p.playAll(t.Context(), plans)
	t.Logf("played %d plans in %s", len(plans), time.Since(begun).Round(time.Second))
	p.judgeAll(t, plans, problems)
}

// judgeAll looks once, and compares each order with its plan.
func (p *playground) judgeAll(t *testing.T, plans []plan, problems []error) {
	t.Helper()
	p.awaitPublished(t)
	seen := p.look(t)
	for n, plan := range plans {
		t.Run(plan.Name, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					plan.keep(t)
				}
			}()
			if problems[n] != nil {
				t.Fatal(problems[n])
			}
			p.judge(t, plan, seen)
		})
	}
	t.Run("nothing else disagrees", func(t *testing.T) { seen.wantNothingFor(t, "") })
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
