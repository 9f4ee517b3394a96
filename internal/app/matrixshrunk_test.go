package app_test

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// shrinkTries is how many smaller plans are played for one that failed.
	shrinkTries = 40
	// shrinkPlans is how many that failed are shrunk: a bug may fail hundreds.
	shrinkPlans = 2
	// shrinkWithin bounds the shrinking of one.
	shrinkWithin = 2 * time.Minute
)

// complaints stand in for the test while a plan is judged, and remember what was
// said: whether a smaller plan fails must not fail the test once more.
type complaints struct {
	testing.TB
	mu   sync.Mutex
	said []string
}

func (c *complaints) add(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, text)
}

func (c *complaints) Error(args ...any)                 { c.add(fmt.Sprint(args...)) }
func (c *complaints) Errorf(format string, args ...any) { c.add(fmt.Sprintf(format, args...)) }
func (c *complaints) Fatal(args ...any)                 { c.add(fmt.Sprint(args...)); runtime.Goexit() }

func (c *complaints) Fatalf(format string, args ...any) {
	c.add(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

// complain is all that there is to say against the plan, once it was played.
func (p *playground) complain(t *testing.T, plan plan, problem error, seen func(testing.TB) sight) []string {
	t.Helper()
	if problem != nil {
		return []string{problem.Error()}
	}
	c := &complaints{TB: t}
	judged := make(chan struct{})
	go func() { // a Fatal ends its goroutine
		defer close(judged)
		p.judge(c, plan, seen(c))
	}()
	<-judged
	return c.said
}

// shrinker makes a plan that failed smaller.
type shrinker func(t *testing.T, failed plan, complaint string) plan

// asItIs is the shrinker of plans that cannot be smaller.
func asItIs(_ *testing.T, failed plan, _ string) plan { return failed }

// shrinker shrinks the first few that fail.
func (p *playground) shrinker() shrinker {
	left := shrinkPlans
	return func(t *testing.T, failed plan, complaint string) plan {
		t.Helper()
		if left == 0 {
			return failed
		}
		left--
		ctx, cancel := context.WithTimeout(t.Context(), shrinkWithin)
		defer cancel()
		return p.shrunk(ctx, t, failed, complaint)
	}
}

// shrunk is a smaller plan that meets the same complaint here, or the plan
// itself. When ctx ends it is what was found until then.
func (p *playground) shrunk(ctx context.Context, t *testing.T, failed plan, complaint string) plan {
	t.Helper()
	played := 0
	smallest := shrink(failed, shrinkTries, func(smaller plan) bool {
		played++
		smaller = smaller.named(fmt.Sprintf("%s-s%d", failed.Name, played)) // an order of its own
		return p.meets(ctx, t, smaller, sayPlainly(failed, complaint))
	})
	t.Logf("shrunk by playing %d smaller plans: %d of %d rules are left", played, len(smallest.Rules), len(failed.Rules))
	return smallest
}

// meets reports whether the plan fails, and first of all for the reason given. A
// plan that could not be played in time proves nothing, unless that is the
// reason.
func (p *playground) meets(ctx context.Context, t *testing.T, smaller plan, reason string) bool {
	t.Helper()
	if ctx.Err() != nil {
		return false
	}
	problem := p.playAll(ctx, []plan{smaller})[0]
	if ctx.Err() != nil {
		return false
	}
	said := p.complain(t, smaller, problem, func(tb testing.TB) sight {
		p.awaitPublished(tb)
		return p.look(tb)
	})
	return len(said) > 0 && sayPlainly(smaller, said[0]) == reason
}

var passingWords = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[0-9:.]+Z?`)

// sayPlainly is a complaint without what differs from one order to the next: its
// name and its rules', identities, times.
func sayPlainly(p plan, complaint string) string {
	plain := regexp.MustCompile(regexp.QuoteMeta(p.Name)+`(\.\d+)?`).ReplaceAllString(complaint, "ORDER")
	return strings.Join(strings.Fields(passingWords.ReplaceAllString(plain, "…")), " ")
}
