package stack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// process is one run of a command.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it and everything it forked is gone
}

// start runs the command in the background.
//
// The process gets the write end of a pipe that nobody writes to, and so does
// all that it forks: the read end reports end of file when the last of them is
// gone. That matters for Postgres. Its workers outlive a killed postmaster for a
// moment, and until they are gone no new one can start on the same data.
func (c command) start() (*process, error) {
	alive, held, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer held.Close() //nolint:errcheck // the process has its own copy; this one is only in the way
	log, err := c.openLog()
	if err != nil {
		return nil, errors.Join(err, alive.Close())
	}
	defer log.Close() //nolint:errcheck // nothing was written through it
	cmd := c.build()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = append([]*os.File{held}, c.inherits...)
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, alive.Close())
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go p.wait(alive)
	return p, nil
}

func (p *process) wait(alive *os.File) {
	defer close(p.ended)
	_ = p.cmd.Wait() // it was told to end, or its log says why it did
	_, _ = io.Copy(io.Discard, alive)
	_ = alive.Close()
}

// alive reports whether any part of the process is left. A nil process is none.
func (p *process) alive() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// signal tells the process something; one that has just ended needs no telling.
func (p *process) signal(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

func (p *process) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("process %d: %w", p.pid(), err)
	}
	<-p.ended
	return nil
}
