package workers

import (
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
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

// lanes run jobs at the same time, but those with the same key one after the
// other, in the order they were added: a cancel never overtakes its order. There
// is one goroutine for each key that has jobs; slots bound how many.
type lanes struct {
	run func(*job)

	mu      sync.Mutex
	waiting map[string][]*job // a key is present while its lane runs
	running sync.WaitGroup
}

func newLanes(run func(*job)) *lanes { return &lanes{run: run, waiting: map[string][]*job{}} }

// add never blocks.
func (l *lanes) add(j *job) {
	key := string(j.record.Key)
	l.mu.Lock()
	defer l.mu.Unlock()
	if queue, runs := l.waiting[key]; runs {
		l.waiting[key] = append(queue, j)
		return
	}
	l.waiting[key] = nil
	l.running.Go(func() { l.drain(key, j) })
}

func (l *lanes) drain(key string, j *job) {
	for j != nil {
		l.run(j)
		j = l.next(key)
	}
}

// next is the key's next job; with nil the lane is gone.
func (l *lanes) next(key string) *job {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue := l.waiting[key]
	if len(queue) == 0 {
		delete(l.waiting, key)
		return nil
	}
	l.waiting[key] = queue[1:]
	return queue[0]
}

// wait returns when every lane has ended.
func (l *lanes) wait() { l.running.Wait() }
