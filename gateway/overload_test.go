package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/admission"
	"github.com/skald-saga/skald/internal/feed"
)

// few are the smallest limits: 24 places for work, 5 for reads, 2 for decisions
// and 1 for dead letters; 32 may wait for each.
func few() gateway.Limits { return gateway.Limits{MaxInFlight: 32} }

// kinds are one request of each kind of work, and how many the smallest limits
// let in.
var kinds = map[string]struct {
	request func(*gateway.Gateway) answer
	places  int
}{
	"work":         {func(g *gateway.Gateway) answer { return send(g, http.MethodPost, "/v1/orders", orderBody) }, 24},
	"reads":        {func(g *gateway.Gateway) answer { return send(g, http.MethodGet, "/v1/orders/order-1", "") }, 5},
	"decisions":    {func(g *gateway.Gateway) answer { return send(g, http.MethodPost, "/v1/orders/order-1/cancel", "") }, 2},
	"dead letters": {func(g *gateway.Gateway) answer { return send(g, http.MethodGet, "/v1/dead-letters", "") }, 1},
}

// hanging is a gateway whose answers to one kind of request never come.
func hanging(t *testing.T, kind string) *gateway.Gateway {
	t.Helper()
	answers := func(ctx context.Context, asked string) error {
		if asked != kind {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
	return open(t, gateway.Options{
		Limits: few(),
		Health: map[string]gateway.Check{"database": {Ask: up, Required: true}},
		Orders: fakeOrders{
			place: func(ctx context.Context, order skald.Order, _ skald.Submission) (skald.OrderState, bool, error) {
				return state(order), false, answers(ctx, "work")
			},
			order: func(ctx context.Context, _ string) (skald.OrderState, error) {
				return state(wantOrder()), answers(ctx, "reads")
			},
		},
		Cancels: fakeDesk{cancel: func(ctx context.Context, _, _ string, _ skald.CancelRequest) (skald.OrderState, error) {
			return state(wantOrder()), answers(ctx, "decisions")
		}},
		DeadLetters: fakeDesk{letters: func(ctx context.Context, _ gateway.DeadLetterQuery) ([]gateway.DeadLetter, string, error) {
			return nil, "", answers(ctx, "dead letters")
		}},
	})
}

// refusal is an answer and when it came.
type refusal struct {
	After   time.Duration
	Code    gateway.ProblemCode
	Outcome string
}

// flood sends n requests at once and returns what answered how many of them.
func flood(t *testing.T, n int, request func() answer) <-chan map[refusal]int {
	began, answers := time.Now(), make(chan refusal, n)
	for range n {
		go func() {
			p := decode[gateway.Problem](t, request())
			answers <- refusal{time.Since(began), p.Code, p.Outcome}
		}()
	}
	counted := make(chan map[refusal]int, 1)
	go func() {
		counts := map[refusal]int{}
		for range n {
			counts[<-answers]++
		}
		counted <- counts
	}()
	return counted
}

func TestWhatHangsHoldsUpItsOwnKindAndIsRefusedInMilliseconds(t *testing.T) {
	t.Parallel()
	for kind, hung := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := hanging(t, kind)
				counted := flood(t, hung.places+32+100, func() answer { return hung.request(g) })
				synctest.Wait()
				began := time.Now()
				for other, quick := range kinds {
					if other == kind {
						continue
					}
					if response := quick.request(g); response.StatusCode/100 != 2 {
						t.Errorf("%s: %s", other, response.Status)
					}
				}
				for _, health := range []string{"/healthz", "/readyz", "/metrics"} {
					if response := send(g, http.MethodGet, health, ""); response.StatusCode != http.StatusOK {
						t.Errorf("%s: %s", health, response.Status)
					}
				}
				if waited := time.Since(began); waited != 0 {
					t.Errorf("the others waited %s", waited)
				}
				outcome := "unknown"
				if kind == "reads" || kind == "dead letters" { // they change nothing
					outcome = "not_accepted"
				}
				want := map[refusal]int{
					{0, gateway.CodeOverloaded, "not_accepted"}:                           100,
					{gateway.DefaultQueueTimeout, gateway.CodeOverloaded, "not_accepted"}: 32,
					{gateway.DefaultHandlerTimeout, gateway.CodeUnavailable, outcome}:     hung.places,
				}
				if diff := cmp.Diff(want, <-counted); diff != "" {
					t.Errorf("answers (-want +got):\n%s", diff)
				}
				if response := hung.request(g); response.StatusCode != http.StatusServiceUnavailable {
					t.Errorf("it was let in again and got %s", response.Status)
				}
			})
		})
	}
}

func TestWhoIsRefusedIsToldThatNothingWasCarriedOutAndWhenToComeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := hanging(t, "work")
		counted := flood(t, 24+32, func() answer { return kinds["work"].request(g) })
		synctest.Wait()
		golden(t, "problem/overloaded.golden", kinds["work"].request(g))
		<-counted
	})
}

// Whoever sends slowly takes nothing from those who do not.
func TestABodyThatIsNotHereYetHoldsNoPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked accepts
		g := open(t, gateway.Options{Limits: few(), Orders: fakeOrders{place: asked.place}})
		var slow []*io.PipeWriter
		answered := make(chan int)
		for range 100 {
			reader, writer := io.Pipe()
			slow = append(slow, writer)
			request := newRequest(t, http.MethodPost, "/v1/orders", reader)
			go func() { answered <- ask(g, request).StatusCode }()
		}
		synctest.Wait()
		want := gateway.Load{
			Requests: 100,
			Work:     admission.Load{Places: 24, Queue: 32}, Reads: admission.Load{Places: 5, Queue: 32},
			Decisions: admission.Load{Places: 2, Queue: 32}, DeadLetters: admission.Load{Places: 1, Queue: 32},
		}
		if diff := cmp.Diff(want, g.Load()); diff != "" {
			t.Errorf("load (-want +got):\n%s", diff)
		}
		for _, writer := range slow {
			_, _ = io.WriteString(writer, orderBody) // the pipe cannot fail
			_ = writer.Close()
			if status := <-answered; status != http.StatusAccepted {
				t.Errorf("answered %d", status)
			}
		}
		if open := g.Load().Requests; open != 0 {
			t.Errorf("%d requests are open at the end", open)
		}
	})
}

func TestAPlaceThatIsRefusedAnywayCostsNoBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := hanging(t, "work")
		counted := flood(t, 24+32, func() answer { return kinds["work"].request(g) })
		synctest.Wait()
		unread := unreadable{t}
		response := ask(g, newRequest(t, http.MethodPost, "/v1/orders", unread))
		wantProblem(t, response, http.StatusServiceUnavailable, gateway.CodeOverloaded)
		<-counted
	})
}

type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestWhoWaitsForAnEndHoldsNoPlaceAndTooManyAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var e ending
		hub, stop := runHub(t, &e.publications, feed.Options{})
		limits := few()
		limits.MaxWaits = 50
		g := open(t, gateway.Options{Limits: limits, Orders: e.orders(), Feed: hub})
		waiting := func() answer { return send(g, http.MethodPost, "/v1/orders", orderBody, "Prefer", "wait=10") }
		answers := make(chan answer, limits.MaxWaits)
		for range limits.MaxWaits {
			go func() { answers <- waiting() }()
			synctest.Wait()
		}
		if load := g.Load(); load.Waits != 50 || load.Work.Taken != 0 || load.Reads.Taken != 0 {
			t.Errorf("load %+v", load)
		}
		began := time.Now()
		if response := waiting(); response.StatusCode != http.StatusAccepted || time.Since(began) != 0 {
			t.Errorf("one too many: %s after %s, want 202 at once", response.Status, time.Since(began))
		}
		for range limits.MaxWaits {
			if response := <-answers; response.StatusCode != http.StatusAccepted {
				t.Errorf("who waited: %s", response.Status)
			}
		}
		if waited := time.Since(began); waited != 10*time.Second || g.Load().Waits != 0 {
			t.Errorf("after %s %d wait", waited, g.Load().Waits)
		}
		stop()
	})
}

// 64 KiB for all, beyond 16 KiB for each.
func TestLongBodiesThatAreHeldUpLeaveShortOnesInPeace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked accepts
		g := open(t, gateway.Options{
			MaxBodyBytes: 64 << 10, Limits: gateway.Limits{MaxBodyMemory: 64 << 10},
			Orders: fakeOrders{place: asked.place},
		})
		padded := strings.Repeat(" ", 48<<10)
		reader, writer := io.Pipe()
		answered := make(chan int)
		for range 2 {
			request := newRequest(t, http.MethodPost, "/v1/orders", io.MultiReader(strings.NewReader(padded), reader))
			go func() { answered <- ask(g, request).StatusCode }()
		}
		synctest.Wait()
		if held := g.Load().BodyMemory; held != 64<<10 {
			t.Errorf("held %d", held)
		}
		p := wantProblem(t, send(g, http.MethodPost, "/v1/orders", padded+orderBody), http.StatusServiceUnavailable, gateway.CodeOverloaded)
		if p.Outcome != "not_accepted" {
			t.Errorf("outcome %q", p.Outcome)
		}
		if response := send(g, http.MethodPost, "/v1/orders", orderBody); response.StatusCode != http.StatusAccepted {
			t.Errorf("a short one: %s", response.Status)
		}
		_ = writer.Close()
		for range 2 {
			if status := <-answered; status != http.StatusBadRequest { // white space alone
				t.Errorf("answered %d", status)
			}
		}
		if response := send(g, http.MethodPost, "/v1/orders", padded+orderBody); response.StatusCode != http.StatusAccepted || g.Load().BodyMemory != 0 {
			t.Errorf("a long one afterwards: %s, held %d", response.Status, g.Load().BodyMemory)
		}
	})
}

func TestHoweverManyAskForReadinessEachDependencyIsAskedOnceAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		g := open(t, gateway.Options{Health: map[string]gateway.Check{"database": {Required: true, Ask: func(ctx context.Context) error {
			asked.Add(1)
			<-ctx.Done()
			return ctx.Err()
		}}}})
		gone, leave := context.WithCancel(t.Context())
		answers := make(chan int)
		for range 100 {
			request := httptest.NewRequestWithContext(gone, http.MethodGet, "/readyz", nil)
			go func() { answers <- ask(g, request).StatusCode }()
		}
		synctest.Wait()
		leave() // of the one that asks for all, too: others may have joined
		began := time.Now()
		if response := send(g, http.MethodGet, "/readyz", ""); response.StatusCode != http.StatusServiceUnavailable || asked.Load() != 1 {
			t.Errorf("%s, asked %d times", response.Status, asked.Load())
		}
		if waited := time.Since(began); waited != gateway.DefaultHealthTimeout {
			t.Errorf("waited %s", waited)
		}
		for range 100 {
			<-answers
		}
		send(g, http.MethodGet, "/readyz", "")
		if asked.Load() != 2 {
			t.Errorf("asked %d times, want again when it was answered", asked.Load())
		}
	})
}
