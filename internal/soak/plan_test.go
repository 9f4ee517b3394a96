package soak_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/soak"
)

func plan(t *testing.T, o soak.PlanOptions) soak.Plan {
	t.Helper()
	if o.Processes == nil {
		o.Processes = []string{soak.EmbeddedProcess}
	}
	p, err := soak.NewPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPlanIsAFunctionOfItsSeed(t *testing.T) {
	t.Parallel()
	first := plan(t, soak.PlanOptions{Seed: 7})
	if diff := cmp.Diff(first, plan(t, soak.PlanOptions{Seed: 7})); diff != "" {
		t.Errorf("a second plan of one seed (-first +second):\n%s", diff)
	}
	if cmp.Equal(first.Actions, plan(t, soak.PlanOptions{Seed: 8}).Actions) {
		t.Error("another seed gave the same actions")
	}
}

func TestAPlanHasEveryKindOfOrderAboutAsOftenAsTheMixSays(t *testing.T) {
	t.Parallel()
	p := plan(t, soak.PlanOptions{Seed: 1, Duration: 10 * time.Minute})
	counts := map[soak.Kind]int{}
	for _, order := range p.Orders {
		counts[order.Kind]++
	}
	for kind, percent := range map[soak.Kind]int{
		soak.KindNormal: 32, soak.KindStruck: 8, soak.KindTimeout: 6, soak.KindHuge: 2, soak.KindHot: 14, soak.KindDeclined: 8,
		soak.KindUnserved: 6, soak.KindCancelled: 10, soak.KindRepeated: 8, soak.KindInvalid: 6, soak.KindRival: 4,
	} {
		share := float64(counts[kind]) / float64(len(p.Orders)) * 100
		if share < float64(percent)*0.7-0.5 || share > float64(percent)*1.3+0.5 {
			t.Errorf("%.1f %% of the orders are %s, want about %d %%", share, kind, percent)
		}
	}
	if rate := float64(len(p.Orders)) / (10 * time.Minute).Seconds(); rate < 9 || rate > 12 {
		t.Errorf("%.1f orders a second, want about 10", rate)
	}
}

func TestActionsComeByTimeWithinTheirPartOfTheRun(t *testing.T) {
	t.Parallel()
	p := plan(t, soak.PlanOptions{Seed: 3, Duration: time.Minute})
	if want := (soak.Phases{WarmUp: 6 * time.Second, Faults: 42 * time.Second, Load: 12 * time.Second}); p.Phases != want {
		t.Errorf("phases %v, want %v", p.Phases, want)
	}
	for _, part := range [][]soak.Action{p.Actions, p.Afterwards} {
		if !slices.IsSortedFunc(part, func(a, b soak.Action) int { return int(a.At - b.At) }) {
			t.Error("actions are not sorted by time")
		}
	}
	if last := p.Afterwards[len(p.Afterwards)-1].At; last > p.Phases.Load+2*time.Second {
		t.Errorf("the last action comes at %s, and load is over at %s", last, p.Phases.Load)
	}
}

// Two faults on one victim at a time would hide each other, and one that
// outlives its cycle would not let anything recover.
func TestEachCycleHasOneToThreeFaultsOnDifferentVictims(t *testing.T) {
	t.Parallel()
	kinds := map[soak.FaultKind]bool{}
	for seed := range uint64(20) {
		p := plan(t, soak.PlanOptions{Seed: seed, Duration: 5 * time.Minute, Processes: soak.StackProcesses(), Capabilities: capabilities})
		cycles := map[time.Duration][]soak.Fault{}
		for _, fault := range p.Faults {
			cycle := (fault.From - p.Phases.WarmUp) / (10 * time.Second)
			if begin := p.Phases.WarmUp + cycle*10*time.Second; fault.From < begin || fault.Until > begin+5*time.Second || fault.Until <= fault.From {
				t.Errorf("seed %d: %+v leaves the five seconds from %s", seed, fault, begin)
			}
			cycles[cycle] = append(cycles[cycle], fault)
			kinds[fault.Kind] = true
			if (fault.On == soak.Link) != slices.Contains([]soak.FaultKind{soak.FaultLatency, soak.FaultReset, soak.FaultCutReply, soak.FaultSwallow}, fault.Kind) {
				t.Errorf("seed %d: %s on %s", seed, fault.Kind, fault.On)
			}
		}
		if len(cycles) != 21 {
			t.Errorf("seed %d: %d cycles in 210 s, want 21", seed, len(cycles))
		}
		for _, faults := range cycles {
			victims := map[string]bool{}
			for _, fault := range faults {
				victims[fault.On] = true
			}
			if len(faults) > 3 || len(victims) != len(faults) {
				t.Errorf("seed %d: faults of a cycle are %+v", seed, faults)
			}
		}
	}
	if len(kinds) != 11 {
		t.Errorf("only %v were drawn of 11 kinds", kinds)
	}
}

var capabilities = []soak.Capability{
	{Kind: soak.FaultLeaders, On: "kafka"},
	{Kind: soak.FaultPersistence, On: "temporal"},
	{Kind: soak.FaultDisk, On: "postgres"},
	{Kind: soak.FaultClock, On: "postgres"},
}

func TestWhatTheMachineCannotDoIsLeftOutAndTheReasonIsInThePlan(t *testing.T) {
	t.Parallel()
	unable := slices.Clone(capabilities)
	unable[2].Missing = "a small file system takes the right to mount one"
	p := plan(t, soak.PlanOptions{Seed: 4, Duration: 10 * time.Minute, Processes: soak.StackProcesses(), Capabilities: unable})
	if p.Has(soak.FaultDisk) || !p.Has(soak.FaultClock) || !p.Has(soak.FaultLeaders) || !p.Has(soak.FaultPersistence) {
		t.Errorf("the faults are %+v", p.Faults)
	}
	if diff := cmp.Diff(unable[2:3], p.LeftOut); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
	for _, fault := range p.Faults {
		if (fault.Kind == soak.FaultClock) != (fault.Shift != 0) {
			t.Errorf("%s by %s", fault.Kind, fault.Shift)
		}
	}
}

// make soak-stack is the one run on real servers in every change: it must have
// each kind of harm.
func TestTheSeedOfMakeSoakStackHasEveryHarm(t *testing.T) {
	t.Parallel()
	p := plan(t, soak.PlanOptions{Seed: 1171, Rate: 2, Duration: time.Minute, Processes: soak.StackProcesses(), Capabilities: capabilities})
	for _, capability := range capabilities {
		if !p.Has(capability.Kind) {
			t.Errorf("it has no %s", capability.Kind)
		}
	}
}

func TestPlanOptionsNameFieldValueAndBound(t *testing.T) {
	t.Parallel()
	_, err := soak.NewPlan(soak.PlanOptions{Duration: time.Second, Rate: -1})
	for _, want := range []string{"Duration is 1s, must be 5s to 24h0m0s", "Rate is -1, must be more than 0 and at most 1000", "Processes is empty"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want it to say %q", err, want)
		}
	}
}

func TestOptionsNameFieldValueAndBound(t *testing.T) {
	t.Parallel()
	_, err := soak.Run(t.Context(), soak.Options{Dir: "here", Patience: -1})
	for _, want := range []string{"Plan has no actions", `Dir is "here", must be an absolute path`, "Start is required", "Patience is -1ns, must not be negative"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want it to say %q", err, want)
		}
	}
}
