package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// lastWordsBytes bounds what an error quotes of a log.
const lastWordsBytes = 2000

// command says how to run a program, the same way every time.
type command struct {
	path string
	args []string
	dir  string
	log  string              // file that its output is added to
	as   *syscall.Credential // nil: as this process
	stop syscall.Signal      // asks a server to end in order
	env  []string            // variables beyond those of every program, NAME=value
	// inherits are open files that a server keeps open as long as it lives.
	inherits []*os.File
}

// run runs a program that ends by itself. Its output goes to the log; the error
// quotes the end of it.
func (c command) run(ctx context.Context) error {
	log, err := c.openLog()
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // nothing was written through it
	cmd := c.build()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	release := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() }) // it may just have ended
	defer release()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s %s: %w; %s", filepath.Base(c.path), strings.Join(c.args, " "), errors.Join(err, ctx.Err()), c.lastWords())
	}
	return nil
}

// build prepares one run. Of the environment the program sees only what every
// program needs: variables meant for another Kafka, Temporal or Postgres would
// change this one.
func (c command) build() *exec.Cmd {
	cmd := exec.Command(c.path, c.args...) //nolint:gosec,noctx // the tools are the caller's choice, and servers outlive the context of their start
	cmd.Dir = c.dir
	cmd.Env = []string{"LC_ALL=C"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "JAVA_HOME"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, c.env...)
	// A process group of its own, so that Ctrl-C in a terminal reaches only the
	// program that runs the stack, which then stops the servers in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.as}
	return cmd
}

func (c command) openLog() (*os.File, error) {
	return os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) //nolint:gosec // logs are for reading
}

// lastWords are where the log is and how it ends.
func (c command) lastWords() string {
	text, err := tail(c.log, lastWordsBytes)
	if err != nil {
		return fmt.Sprintf("its log cannot be read: %v", err)
	}
	return fmt.Sprintf("its log %s ends with:\n%s", c.log, text)
}

func tail(path string, limit int64) (string, error) {
	file, err := os.Open(path) //nolint:gosec // a log of this package
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // it was only read
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	if _, err := file.Seek(max(0, size-limit), io.SeekStart); err != nil {
		return "", err
	}
	text, err := io.ReadAll(file)
	return strings.TrimSpace(string(text)), err
}
