package app

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/admission"
	"github.com/skald-saga/skald/internal/metrics"
	"github.com/skald-saga/skald/internal/store"
)

const (
	// backlogTimeout bounds what a scrape waits for the database.
	backlogTimeout = time.Second
	// backlogEvery is how often the database is asked at most, however many
	// scrape.
	backlogEvery = 2 * time.Second
)

// watchParts lets a scrape read what the parts know of themselves.
func (a *App) watchParts(server *gateway.Gateway) {
	a.counts.registry.Watch(func(tell metrics.Tell) { tellLoad(tell, server.Load(), a.config.has(RoleGateway)) })
	a.counts.registry.Watch((&backlog{store: a.store}).tell)
	a.counts.registry.Watch(a.tellPools)
	if a.config.has(RoleWorker) {
		a.counts.registry.Watch(a.tellIntake)
	}
	if a.config.has(RoleRelay) {
		a.counts.registry.Watch(a.tellRelay)
	}
	if a.faults != nil {
		a.counts.registry.Watch(a.faults.tell)
	}
}

// tellLoad tells of places only where there is work for them.
func tellLoad(tell metrics.Tell, load gateway.Load, gateway bool) {
	tell(metrics.HTTPConnections, float64(load.Connections))
	tell(metrics.HTTPOpen, float64(load.Requests))
	if !gateway {
		return
	}
	tell(metrics.HTTPStreams, float64(load.Streams))
	tell(metrics.HTTPWaits, float64(load.Waits))
	tell(metrics.HTTPBodies, float64(load.BodyMemory))
	for work, places := range map[string]admission.Load{
		"work": load.Work, "reads": load.Reads, "decisions": load.Decisions, "dead_letters": load.DeadLetters,
	} {
		tell(metrics.HTTPPlaces, float64(places.Places), work)
		tell(metrics.HTTPPlacesUsed, float64(places.Taken), work)
		tell(metrics.HTTPPlacesWaiting, float64(places.Waiting), work)
		tell(metrics.HTTPPlacesRefused, float64(places.Refused), work)
	}
}

// backlog asks the store what waits, now and then.
type backlog struct {
	store *store.Store

	mu    sync.Mutex
	asked time.Time
	found store.Backlog
	err   error
}

func (b *backlog) tell(tell metrics.Tell) {
	found, err := b.ask()
	if err != nil {
		tell(metrics.DatabaseUp, 0) // readiness logs why
		return
	}
	tell(metrics.DatabaseUp, 1)
	tell(metrics.OutboxUnpublished, float64(found.Unpublished))
	tell(metrics.OutboxOldest, found.Oldest.Seconds())
	tell(metrics.IncidentsOpen, float64(found.Incidents))
}

func (b *backlog) ask() (store.Backlog, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.asked) >= backlogEvery {
		ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
		defer cancel()
		b.found, b.err = b.store.Backlog(ctx)
		b.asked = time.Now()
	}
	return b.found, b.err
}

// tellPools tells of one pool on Postgres, and of the reading and the writing one
// on SQLite.
func (a *App) tellPools(tell metrics.Tell) {
	pools := map[string]*sql.DB{"read": a.db.Read(), "write": a.db.Writer()}
	if a.db.Read() == a.db.Writer() {
		pools = map[string]*sql.DB{"shared": a.db.Writer()}
	}
	for name, pool := range pools {
		stats := pool.Stats()
		tell(metrics.DatabaseConnections, float64(stats.InUse), name, "used")
		tell(metrics.DatabaseConnections, float64(stats.Idle), name, "idle")
		tell(metrics.DatabaseLimit, float64(stats.MaxOpenConnections), name)
		waits, waited := stats.WaitCount, stats.WaitDuration
		if pool == a.db.Writer() { // SQLite's has a queue of its own in front
			waits, waited = a.db.Waits()
		}
		tell(metrics.DatabaseWaits, float64(waits), name)
		tell(metrics.DatabaseWaited, waited.Seconds(), name)
	}
}

// tellIntake says nothing of messages before intake runs: it waits for Kafka and
// Temporal.
func (a *App) tellIntake(tell metrics.Tell) {
	tell(metrics.IntakeSlots, float64(a.clients.slots.Limit()))
	tell(metrics.IntakeSlotsUsed, float64(a.clients.slots.Used()))
	intake := a.clients.intake.Load()
	if intake == nil {
		return
	}
	state := intake.State()
	tell(metrics.IntakeRead, float64(state.Read))
	tell(metrics.IntakeDone, float64(state.Started), "started")
	tell(metrics.IntakeDone, float64(state.Duplicates), "duplicate")
	tell(metrics.IntakeDone, float64(state.Over), "over")
	tell(metrics.IntakeDone, float64(state.Cancelled), "cancelled")
	for _, reason := range skald.DeadLetterReasons() {
		tell(metrics.DeadLetters, float64(state.DeadLetters[reason]), string(reason))
	}
	tell(metrics.IntakeWaiting, float64(state.Waiting))
	tell(metrics.IntakePaused, oneIf(state.Paused))
}

func (a *App) tellRelay(tell metrics.Tell) {
	state := a.clients.relay.State()
	tell(metrics.RelayLeader, oneIf(state.Leader))
	tell(metrics.RelayPublished, float64(state.Published))
	tell(metrics.RelayRefused, float64(state.Refused))
	tell(metrics.RelayInFlight, float64(state.InFlight))
	tell(metrics.RelayResting, float64(state.Resting))
}

func (f *faults) tell(tell metrics.Tell) {
	tell(metrics.FaultRules, float64(len(f.engine.Rules())))
	for place, fired := range f.engine.Places() {
		tell(metrics.FaultsFired, float64(fired), string(place.Point), string(place.Phase), string(place.Kind), string(place.Within))
	}
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
