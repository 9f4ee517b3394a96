// Package child runs what is measured as a process of its own and reads its CPU
// time and memory from outside, so that who drives the load is not counted.
package child

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/skald-saga/skald/internal/bench"
)

const (
	// startLimit is the longest that a process may take until it is ready.
	startLimit = 2 * time.Minute
	// stopLimit is the longest that it may take to stop when it is asked to.
	stopLimit = time.Minute
	// lastWords is how much of a failed process' log is repeated, in bytes.
	lastWords = 2000
)

// Process is one running child. Its methods are for one goroutine.
type Process struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  io.ReadCloser
	lines   *bufio.Reader // of output
	log     *os.File
	ready   time.Duration // from its start until it said so
	ended   chan struct{} // closed when it has ended
	err     error         // how, once it has ended
}

// Usage is what a process has taken.
type Usage struct {
	At  time.Time
	CPU time.Duration // user and system time since it began
	RSS int64         // bytes
}

// Start runs a program whose first line on standard output says, as JSON, that
// it is ready and where; it is read into ready. A nil ready waits for nothing.
// What it logs goes into the file log. A child that reads its standard input
// sees the end of it when this process ends.
func Start(ctx context.Context, log string, ready any, program string, args ...string) (*Process, error) {
	p := &Process{command: exec.Command(program, args...), ended: make(chan struct{})} //nolint:gosec,noctx // G204: our own programs; they are stopped in order, not killed with ctx
	began := time.Now()
	if err := p.start(log); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	if ready == nil {
		return p, nil
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	line, err := p.line(ctx)
	p.ready = time.Since(began)
	if err == nil {
		err = json.Unmarshal([]byte(line), ready)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s %s did not get ready: %w", program, strings.Join(args, " "), err), p.Stop())
	}
	return p, nil
}

// PID is the process' number.
func (p *Process) PID() int { return p.command.Process.Pid }

// ReadyMillis is how long it took until it was ready; 0 if nobody waited for it.
func (p *Process) ReadyMillis() float64 { return float64(p.ready.Microseconds()) / 1000 }

// Usage reads what the process has taken by now.
func (p *Process) Usage() (Usage, error) {
	cpu, rss, err := bench.Usage(p.PID())
	return Usage{At: time.Now(), CPU: cpu, RSS: rss}, err
}

// Ask writes a line to the process and returns the line that it answers.
func (p *Process) Ask(ctx context.Context, question string) (string, error) {
	if _, err := io.WriteString(p.input, question+"\n"); err != nil {
		return "", err
	}
	return p.line(ctx)
}

// Stop asks the process to end, waits for it, and kills it when that takes too
// long. It errors when the process did not end well.
func (p *Process) Stop() error {
	defer func() { _ = errors.Join(p.output.Close(), p.log.Close()) }()
	_ = p.input.Close()
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.ended:
		return p.failure()
	case <-time.After(stopLimit):
		_ = p.command.Process.Kill()
		<-p.ended
		return fmt.Errorf("%s did not stop within %s", p.command.Path, stopLimit)
	}
}

func (p *Process) start(log string) (err error) {
	if p.log, err = os.Create(log); err != nil { //nolint:gosec // G304: the caller names where the log goes
		return err
	}
	p.command.Stderr = p.log
	if p.output, err = p.command.StdoutPipe(); err != nil {
		return err
	}
	p.lines = bufio.NewReader(p.output)
	if p.input, err = p.command.StdinPipe(); err != nil {
		return err
	}
	if err := p.command.Start(); err != nil {
		return err
	}
	go func() {
		// Wait would close the pipe under a reader; nobody reads a child that has ended.
		state, err := p.command.Process.Wait()
		if err == nil && !state.Success() {
			err = errors.New(state.String())
		}
		p.err = err
		close(p.ended)
	}()
	return nil
}

// line is the next line of standard output. It errors when the process ends
// first, or ctx.
func (p *Process) line(ctx context.Context) (string, error) {
	type answer struct {
		line string
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		line, err := p.lines.ReadString('\n')
		read <- answer{line, err}
	}()
	select {
	case got := <-read:
		if errors.Is(got.err, io.EOF) {
			got.err = errors.New("it closed its standard output")
		}
		return got.line, got.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// failure is how the process ended, with the end of its log; nil when it ended
// well.
func (p *Process) failure() error {
	if p.err == nil {
		return nil
	}
	text, _ := os.ReadFile(p.log.Name())
	if len(text) > lastWords {
		text = text[len(text)-lastWords:]
	}
	return fmt.Errorf("%s: %w\n%s", p.command.Path, p.err, text)
}
