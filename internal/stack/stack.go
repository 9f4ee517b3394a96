// Package stack runs what skald needs in production, without Docker: Apache
// Kafka, a Temporal server and Postgres, the real programs, each a process of
// its own on loopback, with all their data and logs in one folder.
//
// Install fetches or builds the programs once, into a cache. Start starts them
// in order (Postgres, Kafka, Temporal) and returns when each has answered in
// its own protocol. Every server can be stopped, killed and started again by
// itself, at the same address and with its data: that is what tests of outages
// need. Of skald it knows what whoever runs a cluster must know: the names of its
// settings, and of what it uses on Kafka. `skald serve` gets three addresses, as
// it would from any other installation.
//
// The stack is for tests and for trying things out. It has one broker unless it
// is told otherwise, and one history host. Whoever can reach loopback can use it, unless it is told to be
// Secure.
package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
)

// Stack is the three servers. Close it when done.
type Stack struct {
	Postgres *Postgres
	Kafka    *Kafka
	Temporal *Temporal
	// Brokers are Kafka's further brokers: Options.Brokers less the first.
	Brokers []*Kafka
	// Security is how programs show who they are; nil unless Options.Secure.
	Security *Security

	namespace string
	folder    *folder
	close     sync.Once
	closeErr  error
}

// Start starts every server and returns when all of them are ready. A folder
// that a stack ran in before is used again, with its data. It errors when the
// options cannot be used, the folder is in use (ErrInUse), a port is taken, or a
// server does not become ready; what was started by then is stopped.
func Start(ctx context.Context, o Options) (*Stack, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	opened, err := openFolder(o.Dir)
	if err != nil {
		return nil, err
	}
	held := newHolder()
	defer held.close()
	used, secured, err := opened.prepare(o, held)
	if err != nil {
		return nil, errors.Join(err, opened.close())
	}
	s := assemble(o, used, secured, opened)
	if err := s.start(ctx, used, held); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepare settles what the servers' configurations have to say: ports, and with
// security also names and secrets.
func (f *folder) prepare(o Options, held *holder) (used ports, secured *security, err error) {
	if err := f.mustBe(o.Secure); err != nil {
		return ports{}, nil, err
	}
	if o.Secure {
		if secured, err = openSecurity(f, o.Namespace); err != nil {
			return ports{}, nil, fmt.Errorf("security: %w", err)
		}
	}
	used, err = f.choosePorts(held, o.Ports, o.Brokers)
	return used, secured, err
}

// assemble is the stack with nothing of it started. secured is nil without
// security.
func assemble(o Options, used ports, secured *security, opened *folder) *Stack {
	s := &Stack{folder: opened, namespace: o.Namespace}
	if secured != nil {
		s.Security = &secured.Security
	}
	s.Postgres = newPostgres(o, used.Postgres, secured, opened)
	s.Kafka = newKafka(o, 1, used, secured, opened)
	for node := 2; node <= o.Brokers; node++ {
		s.Brokers = append(s.Brokers, newKafka(o, node, used, secured, opened))
	}
	s.Temporal = newTemporal(o, used.Temporal, secured, s.Postgres, opened)
	return s
}

func (s *Stack) start(ctx context.Context, used ports, held *holder) error {
	for _, next := range s.order(used) {
		if err := next.prepare(ctx); err != nil {
			return err
		}
		held.release(next.ports...)
		if err := next.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// starting is what it takes to start one server.
type starting struct {
	prepare, start func(context.Context) error
	ports          []int
}

func (s *Stack) order(used ports) []starting {
	order := []starting{
		{s.Postgres.prepare, s.Postgres.Start, []int{used.Postgres}},
		{s.Kafka.prepare, s.Kafka.Start, []int{used.Kafka, used.Controller, used.KafkaTLS}},
	}
	for n, broker := range s.Brokers {
		order = append(order, starting{broker.prepare, broker.Start, used.Brokers[n : n+1]})
	}
	return append(order, starting{s.Temporal.prepare, s.Temporal.Start, used.Temporal.all()})
}

// Close stops the servers that run, in the reverse order of their start, each
// with its grace period. It is safe to call twice.
func (s *Stack) Close() error {
	s.close.Do(func() {
		ctx := context.Background() // each Stop has its own limit
		s.closeErr = s.Temporal.Stop(ctx)
		for _, broker := range slices.Backward(s.Brokers) { // they leave with the controller's consent
			s.closeErr = errors.Join(s.closeErr, broker.Stop(ctx))
		}
		s.closeErr = errors.Join(s.closeErr, s.Kafka.Stop(ctx), s.Postgres.Stop(ctx), s.folder.close())
	})
	return s.closeErr
}

func orDefault(logger *slog.Logger) *slog.Logger {
	if logger == nil {
		return slog.Default()
	}
	return logger
}
