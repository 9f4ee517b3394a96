// Package fleet runs skald's processes as docker-compose.yml describes them,
// without Docker.
//
// It takes from the file the services whose image is skald's, with their
// commands, environment, health checks, order, grace periods and replicas, and
// runs each replica as a process of its own. What a process gets is what its
// container would get, to the letter; only addresses are others, because names
// of services mean something in a container alone: those of servers are replaced
// by the caller's, and those to listen on by free ports of loopback.
//
// A replica can be stopped as `docker stop` does, killed, started again and
// asked for its health by its own health check, and a service can get more of
// them: that is what tests of a whole installation need. The servers that skald
// needs are the caller's; internal/stack has some.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
)

// Fleet is skald's processes. Close it when done. It is safe for concurrent use.
type Fleet struct {
	o        Options
	services map[string]Service

	mu        sync.Mutex
	processes map[string][]*Process // by service
	closed    bool
}

// Start runs the services in the order that the file asks for and returns when
// every replica is healthy, as `docker compose up --wait` does. It errors when
// the options or the file cannot be used, a process ends, or one is not healthy
// in time; what was started by then is stopped.
func Start(ctx context.Context, o Options) (*Fleet, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	services, err := Read(o.ComposeFile, o.Variables)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	f := &Fleet{o: o, services: services, processes: map[string][]*Process{}}
	if err := f.start(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *Fleet) start(ctx context.Context) error {
	if err := f.o.knows(f.services); err != nil {
		return err
	}
	order, err := startOrder(f.services)
	if err != nil {
		return err
	}
	for _, name := range order {
		if f.services[name].Ends {
			if err := f.complete(ctx, name); err != nil {
				return err
			}
			continue
		}
		for range f.o.replicas(f.services[name]) {
			if _, err := f.spawn(ctx, name); err != nil {
				return err
			}
		}
	}
	for _, p := range f.Processes() {
		if err := p.AwaitHealthy(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Add starts one more replica of a service and returns when it is healthy, as
// `docker compose up --scale` does.
func (f *Fleet) Add(ctx context.Context, service string) (*Process, error) {
	p, err := f.spawn(ctx, service)
	if err != nil {
		return nil, err
	}
	return p, p.AwaitHealthy(ctx)
}

func (f *Fleet) spawn(ctx context.Context, name string) (*Process, error) {
	service, ok := f.services[name]
	if !ok || service.Ends {
		return nil, fmt.Errorf("%s is no service of skald's that stays up; there are %v", name, slices.Sorted(maps.Keys(f.services)))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errors.New("the fleet is closed")
	}
	p, err := newProcess(f.o, service, len(f.processes[name])+1)
	if err != nil {
		return nil, err
	}
	f.processes[name] = append(f.processes[name], p)
	return p, p.Start(ctx)
}

// Processes are the replicas of the services named, or of all; those that do not
// run now are among them.
func (f *Fleet) Processes(services ...string) []*Process {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(services) == 0 {
		services = slices.Sorted(maps.Keys(f.processes))
	}
	var found []*Process
	for _, name := range services {
		found = append(found, f.processes[name]...)
	}
	return found
}

// WithRole are the replicas of every service that `serve`s the role.
func (f *Fleet) WithRole(role string) []*Process {
	return slices.DeleteFunc(f.Processes(), func(p *Process) bool { return !p.service.has(role) })
}

// Close stops the replicas that run, each with its grace period. It errors for
// those that did not end as they should, and for those that had ended by
// themselves. It is safe to call twice.
func (f *Fleet) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	ctx := context.Background() // each Stop has its own limit
	stopped := f.Processes()
	problems := make([]error, len(stopped))
	var stopping sync.WaitGroup
	for n, p := range stopped {
		stopping.Go(func() { problems[n] = p.Stop(ctx) })
	}
	stopping.Wait()
	return errors.Join(problems...)
}
