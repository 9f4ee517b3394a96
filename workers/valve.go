package workers

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald/internal/kafka"
)

// valve stops fetching a partition while too many of its records are delivered
// and cannot be committed, because an early one takes long. Else one message
// would let the window that a crash repeats grow without end.
type valve struct {
	client  *kgo.Client
	tracker *kafka.Tracker
	limit   int

	mu     sync.Mutex
	closed map[kafka.Partition]bool
}

func newValve(client *kgo.Client, tracker *kafka.Tracker, limit int) *valve {
	return &valve{client: client, tracker: tracker, limit: limit, closed: map[kafka.Partition]bool{}}
}

// narrow is called after a record was delivered.
func (v *valve) narrow(p kafka.Partition) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.closed[p] && v.tracker.Open(p) >= v.limit {
		v.closed[p] = true
		v.client.PauseFetchPartitions(map[string][]int32{p.Topic: {p.Number}})
	}
}

// widen is called after a record was done. It waits until half the limit is
// free, so that fetching does not stop and go with every record.
func (v *valve) widen(p kafka.Partition) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed[p] && v.tracker.Open(p) <= v.limit/2 {
		v.open(p)
	}
}

// forget is called when p was taken away: a pause would outlive that.
func (v *valve) forget(p kafka.Partition) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed[p] {
		v.open(p)
	}
}

func (v *valve) open(p kafka.Partition) {
	delete(v.closed, p)
	v.client.ResumeFetchPartitions(map[string][]int32{p.Topic: {p.Number}})
}
