package gateway

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/skald-saga/skald/internal/admission"
)

// places are where requests are worked on. Each kind of request has its own, so
// that whatever there is too much of, and whatever hangs, the others go on: new
// orders cannot keep anybody from cancelling one.
type places struct {
	work      *admission.Places // new orders and receipts
	reads     *admission.Places
	decisions *admission.Places // cancels and incidents: they end work, and people wait for them
	letters   *admission.Places // dead letters, read from Kafka
}

func newPlaces(l Limits) places {
	of := func(many int) *admission.Places {
		return admission.NewPlaces(many, l.MaxInFlight, l.QueueTimeout)
	}
	decisions, letters := l.Reserve/4, l.Reserve/8
	return places{
		work: of(l.MaxInFlight - l.Reserve), reads: of(l.Reserve - decisions - letters),
		decisions: of(decisions), letters: of(letters),
	}
}

// of is where operation's requests are worked on.
func (p places) of(operation huma.Operation) *admission.Places {
	switch {
	case strings.HasPrefix(operation.Path, pathDeadLetters):
		return p.letters
	case operation.Method == http.MethodGet:
		return p.reads
	case strings.HasPrefix(operation.Path, pathIncidents), strings.HasSuffix(operation.Path, "/cancel"):
		return p.decisions
	}
	return p.work
}

type leaveKey struct{}

// turnAway refuses a request before its body is read, when the answer would be
// the same afterwards.
func turnAway(places *admission.Places) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if places.Check() != nil {
			write(humagin.Unwrap(ctx), overloaded())
			return
		}
		next(ctx)
	}
}

// inPlace runs work in one of places, and for HandlerTimeout at most. The body is
// here by then: a client that sends slowly holds no place.
func (g *Gateway) inPlace(ctx context.Context, places *admission.Places, work func(context.Context) error) error {
	leave, err := places.Take(ctx)
	if err != nil {
		return overloaded() // or the client has gone, and nobody reads it
	}
	defer leave()
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, leaveKey{}, leave), g.options.HandlerTimeout)
	defer cancel()
	return work(ctx)
}

// leavePlace gives back the place of the request of ctx, which now only waits.
func leavePlace(ctx context.Context) {
	if leave, ok := ctx.Value(leaveKey{}).(func()); ok {
		leave()
	}
}
