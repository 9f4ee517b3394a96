package workers

import (
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald/internal/kafka"
)

// job is one polled message on its way through intake.
type job struct {
	record    *kgo.Record
	part      *assignment
	slot      *slot
	attempts  int       // that ended in an error
	firstFail time.Time // when the first of them ended
	probed    bool      // let through by the open breaker
}

func (j *job) failed() {
	if j.attempts == 0 {
		j.firstFail = time.Now().UTC()
	}
	j.attempts++
}

// lanes run jobs at the same time, but those of one lane one after the other, in
// the order they were added: a cancel never overtakes its order. There is one
// goroutine for each lane that has jobs; slots bound how many.
type lanes struct {
	run func(*job)

	mu      sync.Mutex
	waiting map[lane][]*job // a lane is present while it runs
	running sync.WaitGroup
}

// lane is one key of one partition. Kafka orders nothing between partitions, and
// a job must not wait for one of another partition: that one may stay here and
// wait long, while its own partition must be given up.
type lane struct {
	partition kafka.Partition
	key       string
}

func newLanes(run func(*job)) *lanes { return &lanes{run: run, waiting: map[lane][]*job{}} }

// add never blocks.
func (l *lanes) add(j *job) {
	its := lane{partition: j.part.partition, key: string(j.record.Key)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if queue, runs := l.waiting[its]; runs {
		l.waiting[its] = append(queue, j)
		return
	}
	l.waiting[its] = nil
	l.running.Go(func() { l.drain(its, j) })
}

func (l *lanes) drain(its lane, j *job) {
	for j != nil {
		l.run(j)
		j = l.next(its)
	}
}

// next is the lane's next job; with nil the lane is gone.
func (l *lanes) next(its lane) *job {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue := l.waiting[its]
	if len(queue) == 0 {
		delete(l.waiting, its)
		return nil
	}
	l.waiting[its] = queue[1:]
	return queue[0]
}

// wait returns when every lane has ended.
func (l *lanes) wait() { l.running.Wait() }
