package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// blockTime is enough for one block of a page, also on a busy machine.
const blockTime = 2 * time.Minute

// A page's blocks of shell are run as a reader would: from top to bottom, with
// every address that of the running skald. Without more they must succeed; one
// marked "refused" must fail; one marked "until TEXT" runs until it has printed
// the text and is then interrupted, which is no failure.
func TestTheCommandsOnEachPageRun(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed, so the pages' commands cannot be run")
	}
	installation := startInstallation(t)
	for _, page := range []string{"api.md", "cli.md"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			shell := installation.shell(t)
			blocks := shellBlocks(read(t, filepath.Join("docs", page)))
			if len(blocks) < 15 {
				t.Fatalf("only %d blocks of shell were found", len(blocks))
			}
			for _, block := range blocks {
				shell.run(t, block)
			}
		})
	}
}

// shellBlock is one block of a page.
type shellBlock struct {
	refused bool
	until   string
	text    string
}

var shellFence = regexp.MustCompile("(?ms)^```sh([^\n]*)\n(.*?)^```$")

func shellBlocks(page string) (blocks []shellBlock) {
	for _, found := range shellFence.FindAllStringSubmatch(page, -1) {
		mark := strings.TrimSpace(found[1])
		until, _ := strings.CutPrefix(mark, "until ")
		if until == mark {
			until = ""
		}
		blocks = append(blocks, shellBlock{refused: mark == "refused", until: until, text: found[2]})
	}
	return blocks
}

// shell runs blocks in one folder.
type shell struct {
	dir       string
	env       []string
	addresses *strings.Replacer
}

func (s *shell) run(t *testing.T, block shellBlock) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), blockTime)
	defer cancel()
	text := s.addresses.Replace(block.text)
	dir := s.dir
	if block.until != "" {
		text, dir = "exec "+text, t.TempDir() // the interrupt is for the command, not for a shell around it
	}
	command := exec.CommandContext(ctx, "sh", "-euc", text)
	command.Dir, command.Env = dir, s.env
	command.WaitDelay = 10 * time.Second
	output := &watched{text: block.until, seen: func() { _ = command.Process.Signal(os.Interrupt) }} // if it has ended, that shows below
	command.Stdout, command.Stderr = output, output
	err := command.Run()
	t.Logf("%s\n%s", block.text, output)
	switch {
	case block.refused:
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
			t.Errorf("should be refused, ended with %v", err)
		}
	case block.until != "":
		if !output.found() || (err != nil && !interrupted(err)) {
			t.Errorf("should run until it says %q, ended with %v", block.until, err)
		}
	case err != nil:
		t.Error(err)
	}
}

// interrupted reports whether the interrupt itself ended a command, as it does
// with one that does not handle it.
func interrupted(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGINT
}

// watched keeps what a command prints, and says when a text has come.
type watched struct {
	mu   sync.Mutex
	all  bytes.Buffer
	text string
	seen func()
	once bool
}

func (w *watched) Write(part []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all.Write(part)
	if w.text != "" && !w.once && strings.Contains(w.all.String(), w.text) {
		w.once = true
		w.seen()
	}
	return len(part), nil
}

func (w *watched) found() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.once
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}
