package fleet_test

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// rounds is how often every process is restarted: what goes wrong in a moment
// between two requests does not go wrong each time.
const rounds = 3

// repeatLimit is how long a customer may go without an answer, when one gateway
// is stopped.
const repeatLimit = 5 * time.Second

// Every process of skald is stopped and started again, one after the other,
// under load: nobody is told that something is wrong.
func rollingRestart(t *testing.T, in *installation) {
	s := newShop(in, "rolling", func(a answer) error {
		if a.refused() {
			return nil // the customer knows that nothing was sent
		}
		return fmt.Errorf("an answer during a rolling restart: %s", a)
	})
	open, closeShop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.open(open, pace{every: 20 * time.Millisecond, customers: 16})
	}()
	defer func() { closeShop(); <-done }()
	in.awaitEnded(t, s.name, 50)
	longest := map[string]time.Duration{}
	for range rounds {
		for _, p := range in.Processes() {
			began := time.Now()
			must(t, p.Stop(t.Context()))
			longest[p.Service()] = max(longest[p.Service()], time.Since(began).Round(time.Millisecond))
			must(t, p.Start(t.Context()))
			must(t, p.AwaitHealthy(t.Context()))
		}
	}
	t.Logf("longest from SIGTERM to exit, by service: %v", longest)
	closeShop()
	<-done
	s.report(t)
	if s.slowest > repeatLimit {
		t.Errorf("a repeat succeeded only after %s, want %s at most", s.slowest, repeatLimit)
	}
	in.awaitFinal(t, s)
	in.wantWholeTopics(t)
}
