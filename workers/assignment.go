package workers

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/skald-saga/skald/internal/kafka"
)

// assignment is one partition for as long as this member has it. Its jobs end
// in two steps: first nothing new begins and no wait goes on; later, calls that
// still run are cut off.
type assignment struct {
	partition kafka.Partition
	waits     context.Context // ends first
	calls     context.Context // ends last
	quit      context.CancelFunc
	abort     context.CancelFunc
	jobs      sync.WaitGroup
}

func newAssignment(ctx context.Context, p kafka.Partition) *assignment {
	a := &assignment{partition: p}
	a.calls, a.abort = context.WithCancel(ctx)
	a.waits, a.quit = context.WithCancel(a.calls)
	return a
}

// assignments are the partitions that have, or had, jobs here.
type assignments struct {
	calls context.Context // of every assignment

	mu    sync.Mutex
	parts map[kafka.Partition]*assignment
}

// of returns the assignment of p, made on its first message.
func (s *assignments) of(p kafka.Partition) *assignment {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts[p] == nil {
		s.parts[p] = newAssignment(s.calls, p)
	}
	return s.parts[p]
}

// remove takes out the partitions that are named; none when none is.
func (s *assignments) remove(partitions map[string][]int32) []*assignment {
	return s.take(func(p kafka.Partition) bool { return slices.Contains(partitions[p.Topic], p.Number) })
}

// removeAll takes out every partition.
func (s *assignments) removeAll() []*assignment {
	return s.take(func(kafka.Partition) bool { return true })
}

func (s *assignments) take(wanted func(kafka.Partition) bool) []*assignment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var taken []*assignment
	for p, a := range s.parts {
		if wanted(p) {
			taken = append(taken, a)
			delete(s.parts, p)
		}
	}
	return taken
}

// drain ends the jobs of parts: running calls get patience to finish, so that
// what they did is also marked; then they are cut off.
func drain(parts []*assignment, patience time.Duration) {
	for _, a := range parts {
		a.quit()
	}
	cut := time.AfterFunc(patience, func() { abortAll(parts) })
	defer cut.Stop()
	for _, a := range parts {
		a.jobs.Wait()
	}
	abortAll(parts) // nothing runs any more: only releases the contexts
}

func abortAll(parts []*assignment) {
	for _, a := range parts {
		a.abort()
	}
}
