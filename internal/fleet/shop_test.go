package fleet_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// shop is a crowd of customers who place orders through every gateway, and
// repeat at another one, with the same Idempotency-Key, what was not answered.
type shop struct {
	name     string // every order's customer_id
	gateways []string
	seed     uint64
	client   *http.Client
	allow    func(answer) error // says what is wrong with an answer that is no success

	mu       sync.Mutex
	placed   int               // orders begun
	want     map[string]string // final status by order ID, of every order that was accepted
	ways     map[string]string // kind by order ID
	statuses map[int]int       // answers by status; 0: none came
	refused  int               // connections that never came about
	wrong    []string          // what allow said, and what else must not be
	slowest  time.Duration     // from the first failed attempt of a request to its success
	longest  time.Duration     // of one attempt that did not ask to wait
}

// pace says how many orders are placed, how fast, and by how many at once.
type pace struct {
	orders    int           // 0: until the context is done
	every     time.Duration // between two orders of the whole crowd; 0: as fast as they are answered
	customers int
}

func newShop(in *installation, name string, allow func(answer) error) *shop {
	return &shop{
		name: name, gateways: in.gateways(), seed: in.seed, allow: allow,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		want:   map[string]string{}, ways: map[string]string{}, statuses: map[int]int{},
	}
}

// open lets the customers in and returns when they are done: closing ends new
// orders, and none is given up.
func (s *shop) open(closing context.Context, p pace) {
	var crowd sync.WaitGroup
	tickets := make(chan int)
	for range p.customers {
		crowd.Go(func() {
			for number := range tickets {
				s.serve(context.WithoutCancel(closing), number)
			}
		})
	}
	for number := 0; (p.orders == 0 || number < p.orders) && closing.Err() == nil; number++ {
		s.note(func() { s.placed++ })
		tickets <- number
		if p.every > 0 {
			select {
			case <-closing.Done():
			case <-time.After(p.every):
			}
		}
	}
	close(tickets)
	crowd.Wait()
	s.client.CloseIdleConnections()
}

// serve places one order, and cancels it when it is of that kind.
func (s *shop) serve(ctx context.Context, number int) {
	dice := rand.New(rand.NewPCG(s.seed, uint64(number)))
	k := draw(dice)
	r := request{path: "/v1/orders", key: fmt.Sprintf("%s-%d-%d", s.name, s.seed, number), body: k.order(s.name)}
	if !k.cancel && dice.IntN(10) == 0 {
		r.wait = 3
	}
	placed := s.insist(ctx, number, r)
	want := k.want
	if k.cancel && placed.accepted() {
		want = "cancelled"
		if cancelled := s.insist(ctx, number, request{path: "/v1/orders/" + placed.body.ID + "/cancel"}); !cancelled.accepted() {
			want = "confirmed" // the cancel came too late, and nothing else would stop it
		}
	}
	s.note(func() {
		if before, twice := s.ways[placed.body.ID]; twice {
			s.wrong = append(s.wrong, fmt.Sprintf("order %s is both %s and %s", placed.body.ID, before, k.name))
		}
		s.want[placed.body.ID], s.ways[placed.body.ID] = want, k.name
	})
}

// repeatPause is between two attempts, when the answer does not ask for more.
const repeatPause = 100 * time.Millisecond

// insist sends a request until its outcome is known, each time to another
// gateway than the last, and waits as long as it is asked to.
func (s *shop) insist(ctx context.Context, number int, r request) answer {
	var failed time.Time
	for attempt := 0; ; attempt++ {
		began := time.Now()
		a := send(ctx, s.client, s.gateways[(number+attempt)%len(s.gateways)], r)
		s.record(a, r, time.Since(began))
		if a.final() {
			if repeated := time.Since(failed); !failed.IsZero() {
				if r.wait > 0 {
					repeated = began.Sub(failed) // the rest was waited for because it was asked for
				}
				s.note(func() { s.slowest = max(s.slowest, repeated) })
			}
			return a
		}
		if failed.IsZero() {
			failed = time.Now()
		}
		if time.Since(failed) > settleLimit {
			s.note(func() { s.wrong = append(s.wrong, fmt.Sprintf("given up after %d attempts: %s", attempt+1, a)) })
			return a
		}
		time.Sleep(max(repeatPause, a.retryAfter))
	}
}
