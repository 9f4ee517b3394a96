package app

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/workers"
)

// stopClients is for the clients' own goodbyes, when the parts have stopped.
const stopClients = 5 * time.Second

// StopLimit is the longest that Close takes, whatever is away: what must lie
// between a process's SIGTERM and its SIGKILL. As skald serve is by default, it
// is 20 s for a gateway, 55 s for a worker, 25 s for a relay. When nothing is away it takes
// as long as the requests and activities that run.
func (c Config) StopLimit() time.Duration {
	c = c.withDefaults()
	limit := gateway.DefaultShutdownTimeout + stopClients
	if c.has(RoleGateway) {
		limit += c.DrainDelay
	}
	if c.has(RoleWorker) {
		limit += workers.IntakeStopLimit + workers.SagasStopLimit
	}
	if c.has(RoleRelay) {
		limit += workers.RelayStopLimit
	}
	return limit
}

// closeInTime gives up when the limit is over. Each part has limits of its own,
// so this is for what they do not foresee: a library that waits for ever. What
// is cut off so is what a killed process leaves behind, and is repeated.
func (a *App) closeInTime() error {
	var stopping atomic.Value
	ended := make(chan error, 1)
	go func() { ended <- a.shutdown(func(what string) { stopping.Store(what) }) }()
	limit := a.config.StopLimit()
	select {
	case err := <-ended:
		return err
	case <-time.After(limit):
		return fmt.Errorf("%v has not stopped, %s after the stop began; what it had under way is repeated at the next start, or by another process", stopping.Load(), limit)
	}
}
