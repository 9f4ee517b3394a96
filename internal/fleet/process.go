package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Process is one replica: a place for a process, at an address that stays the
// same however often the process in it ends and starts.
type Process struct {
	o       Options
	service Service
	name    string
	listen  string // empty when the service has no address
	log     string

	mu      sync.Mutex
	running *run // nil before the first start, and after an end that was seen
}

func newProcess(o Options, s Service, number int) (*Process, error) {
	p := &Process{o: o, service: s, name: fmt.Sprintf("%s-%d", s.Name, number)}
	p.log = filepath.Join(o.Dir, p.name+".log")
	if s.listens() {
		port, err := freePort()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		p.listen = address(port)
	}
	return p, nil
}

// Name is the service's with the replica's number, as "worker-2".
func (p *Process) Name() string { return p.name }

// Service is the name of the service.
func (p *Process) Service() string { return p.service.Name }

// Grace is how long the replica has to stop when it is told to.
func (p *Process) Grace() time.Duration { return p.service.Grace }

// URL is where it answers HTTP: the API, or readiness alone.
func (p *Process) URL() string { return "http://" + p.listen }

// Log is the file with everything that it wrote, of every life.
func (p *Process) Log() string { return p.log }

// PID is its process ID, 0 when it does not run.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running.alive() {
		return 0
	}
	return p.running.cmd.Process.Pid
}

// Start starts the process and does not wait until it is healthy. It errors when
// it runs already.
func (p *Process) Start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running.alive() {
		return fmt.Errorf("%s runs already, with process ID %d", p.name, p.running.cmd.Process.Pid)
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own copy
	cmd := p.o.program(p.environment()).command(p.service.Command...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.running = &run{cmd: cmd, ended: make(chan struct{})}
	go p.running.wait()
	p.o.Logger.Info("process started", "process", p.name, "pid", cmd.Process.Pid, "address", p.listen)
	return nil
}

func (p *Process) environment() map[string]string { return p.o.place(p.service, p.listen) }

// Stop asks the process to end, as `docker stop` does, and waits for it. That it
// had ended by itself, ends with another code than 0, or is killed because its
// grace period or ctx is over, is an error. One that was killed or stopped before
// is left alone.
func (p *Process) Stop(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		return nil
	}
	stopped := p.running
	if !stopped.alive() {
		p.running = nil
		return fmt.Errorf("%s had ended by itself (%w); %s", p.name, stopped.err, p.lastWords())
	}
	began := time.Now()
	if err := stopped.signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, p.service.Grace)
	defer cancel()
	select {
	case <-stopped.ended:
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s did not stop within %s and was killed: %w; %s", p.name, p.service.Grace, ctx.Err(), p.lastWords()), p.kill())
	}
	p.running = nil
	if stopped.err != nil {
		return fmt.Errorf("%s stopped with %w; %s", p.name, stopped.err, p.lastWords())
	}
	p.o.Logger.InfoContext(ctx, "process stopped", "process", p.name, "after", time.Since(began).Round(time.Millisecond))
	return nil
}

// Kill ends the process at once, as a crash would, and waits until it is gone.
// Killing one that does not run does nothing.
func (p *Process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kill()
}

func (p *Process) kill() error {
	killed := p.running
	if killed == nil {
		return nil
	}
	if err := killed.signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-killed.ended
	p.running = nil
	p.o.Logger.Info("process killed", "process", p.name)
	return nil
}

// Pause stops the process in its tracks, as `docker pause` does: it keeps its
// connections and does not know what time it is. Stop does not wake it.
func (p *Process) Pause() error { return p.tell(syscall.SIGSTOP) }

// Resume lets a paused process go on.
func (p *Process) Resume() error { return p.tell(syscall.SIGCONT) }

func (p *Process) tell(signal syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running.alive() {
		return fmt.Errorf("%s does not run", p.name)
	}
	return p.running.signal(signal)
}

// Restart stops the process, starts it again and waits until it is healthy.
func (p *Process) Restart(ctx context.Context) error {
	if err := p.Stop(ctx); err != nil {
		return err
	}
	if err := p.Start(ctx); err != nil {
		return err
	}
	return p.AwaitHealthy(ctx)
}
