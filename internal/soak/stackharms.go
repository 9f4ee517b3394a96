package soak

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skald-saga/skald/internal/stack"
)

// StackCapabilities are what can be done to the servers of a stack on this
// machine.
func StackCapabilities() []Capability {
	noClock := ""
	if stack.FakeTime() == "" {
		noClock = "Postgres' clock is moved with libfaketime, which is not installed"
	}
	return []Capability{
		{Kind: FaultLeaders, On: kafkaServer},
		{Kind: FaultPersistence, On: temporalServer},
		{Kind: FaultDisk, On: postgresServer, Missing: cannotMount()},
		{Kind: FaultClock, On: postgresServer, Missing: noClock},
	}
}

// Harm is one of StackCapabilities.
func (s *stacked) Harm(fault Fault) (Harm, error) {
	switch fault.Kind {
	case FaultLeaders:
		return &leaderMoves{brokers: s.Kafka()}, nil
	case FaultPersistence:
		return &persistenceFaults{temporal: s.servers.Temporal}, nil
	case FaultDisk:
		if s.disk == nil {
			return nil, errors.New("postgres has no file system of its own")
		}
		return &fullPostgres{postgres: s.servers.Postgres, disk: s.disk}, nil
	case FaultClock:
		return &movedClock{postgres: s.servers.Postgres, by: fault.Shift}, nil
	default:
		return nil, fmt.Errorf("a stack cannot do %s", fault.Kind)
	}
}

// failingShare is which share of each kind of call fails each way: with three
// ways, about every second saga meets one.
const failingShare = 0.02

// persistenceFaults is a Temporal whose calls to its database fail now and then,
// some after they were carried out.
type persistenceFaults struct {
	temporal *stack.Temporal
	told     logCount
}

func (p *persistenceFaults) Inflict(ctx context.Context) (err error) {
	if p.told, err = countLog(p.temporal.Log(), stack.TellsOfFault); err != nil {
		return err
	}
	return p.restart(ctx, failingShare)
}

func (p *persistenceFaults) Lift(ctx context.Context) (int64, error) {
	hits, err := awaitHit(ctx, p.told.count)
	return hits, errors.Join(err, p.restart(ctx, 0))
}

// restart kills: a Temporal whose database fails may take long to stop in order.
func (p *persistenceFaults) restart(ctx context.Context, share float64) error {
	if err := p.temporal.FailPersistence(share); err != nil {
		return err
	}
	if err := p.temporal.Kill(); err != nil {
		return err
	}
	return server{p.temporal}.Start(ctx)
}

// fullPostgres is a Postgres whose disk is full. It refuses what needs more room,
// and when that is its log, it ends.
type fullPostgres struct {
	postgres *stack.Postgres
	disk     *disk
	told     logCount
}

func (f *fullPostgres) Inflict(context.Context) (err error) {
	if f.told, err = countLog(f.postgres.Log(), noSpace...); err != nil {
		return err
	}
	return f.disk.fill()
}

func (f *fullPostgres) Lift(ctx context.Context) (int64, error) {
	hits, err := awaitHit(ctx, f.told.count)
	if err := errors.Join(err, f.disk.free()); err != nil {
		return hits, err
	}
	for {
		if err := f.revive(ctx); err == nil || !sleep(ctx, pollEvery) {
			return hits, err
		}
	}
}

// revive starts Postgres when it has ended. While it recovers it may still find
// that it has to.
func (f *fullPostgres) revive(ctx context.Context) error {
	if f.postgres.PID() == 0 {
		return server{f.postgres}.Start(ctx)
	}
	return f.postgres.AwaitReady(ctx)
}

// movedClock is a Postgres whose clock is wrong, and with it skald's leases and
// deadlines.
type movedClock struct {
	postgres *stack.Postgres
	by       time.Duration
}

func (m *movedClock) Inflict(ctx context.Context) error {
	if err := m.postgres.MoveClock(m.by); err != nil {
		return err
	}
	return m.shows(ctx, m.by)
}

func (m *movedClock) Lift(ctx context.Context) (int64, error) {
	if err := m.postgres.MoveClock(0); err != nil {
		return 0, err
	}
	return 1, m.shows(ctx, 0)
}

// shows errors when Postgres' clock is not off by about that much.
func (m *movedClock) shows(ctx context.Context, by time.Duration) error {
	now, err := m.postgres.Clock(ctx)
	if err != nil {
		return err
	}
	if off := time.Until(now) - by; off.Abs() > 10*time.Second {
		return fmt.Errorf("the clock of postgres is off by %s, must be by %s", time.Until(now).Round(time.Second), by)
	}
	return nil
}
