package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// runTimeout bounds one configuration, and fullTimeout one that is marked
	// full: several times what the slowest takes on two busy cores.
	runTimeout  = 5 * time.Minute
	fullTimeout = time.Hour
	// heap is for TLC's states; the largest full configuration fits.
	heap = "-Xmx3g"
	// lastWords is how much of TLC's output an error quotes.
	lastWords = 2000
)

// tlc runs configurations, each in a folder of its own that is gone afterwards.
type tlc struct {
	java, jar, scratch string
}

func newTLC(ctx context.Context) (*tlc, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, errors.New("java is not installed; TLC runs on Java 11 or newer")
	}
	jar, err := fetchJar(ctx)
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "skald-spec-")
	return &tlc{java: java, jar: jar, scratch: scratch}, err
}

func (t *tlc) close() {
	_ = os.RemoveAll(t.scratch) // a temporary folder left behind is in nobody's way
}

// run checks one configuration.
func (t *tlc) run(ctx context.Context, model string, r row) (finding, error) {
	text, err := config(model, r)
	if err != nil {
		return finding{}, err
	}
	dir := filepath.Join(t.scratch, r.name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return finding{}, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // close removes what is left
	if err := layOut(dir, model, r.module, text); err != nil {
		return finding{}, err
	}
	limit := runTimeout
	if r.full() {
		limit = fullTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	found, err := read(t.check(ctx, dir, r.module))
	if ctx.Err() != nil {
		err = fmt.Errorf("stopped: %w", ctx.Err())
	}
	if err != nil {
		return finding{}, fmt.Errorf("%s: %w", r.name, err)
	}
	if found.property == temporal {
		found.property = named(text)
	}
	return found, nil
}

// layOut puts the module and its configuration side by side, which is where TLC
// looks for them.
func layOut(dir, model, module, config string) error {
	text, err := os.ReadFile(filepath.Join(model, module+".tla")) //nolint:gosec // a folder of this repository
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, module+".tla"), text, 0o600), //nolint:gosec // in a temporary folder
		os.WriteFile(filepath.Join(dir, module+".cfg"), []byte(config), 0o600),
	)
}

// check returns what TLC says. That a property is broken is also an exit code,
// so read judges, not the code.
func (t *tlc) check(ctx context.Context, dir, module string) string {
	cmd := exec.CommandContext(ctx, t.java, //nolint:gosec // the system's java, and a jar of known content
		// Most runs are short: a quick compiler and collector halve them.
		"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", heap,
		// TLC unpacks its standard modules there and removes them when it ends,
		// under the feet of the next one if they shared the folder.
		"-Djava.io.tmpdir="+dir,
		"-cp", t.jar, "tlc2.TLC", "-nowarning", "-workers", "1", "-fp", "0", "-metadir", "states", module)
	cmd.Dir = dir // TLC leaves files where it runs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	output := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Run(); err != nil && output.Len() == 0 {
		return err.Error()
	}
	return output.String()
}

// temporal stands for a broken property whose name TLC does not say.
const temporal = "temporal"

var (
	brokenLine   = regexp.MustCompile(`(?m)^Error: (?:Invariant|Action property) (\w+) is violated`)
	temporalLine = regexp.MustCompile(`(?m)^Error: Temporal properties were violated`)
	holdsLine    = regexp.MustCompile(`(?m)^Model checking completed. No error has been found`)
	stateLine    = regexp.MustCompile(`(?m)^State (\d+):`)
	statesLine   = regexp.MustCompile(`(?m)^\d+ states generated, (\d+) distinct states found, 0 states left on queue`)
)

// read finds the verdict in what TLC said. Anything that is no verdict is an
// error: a module that does not parse, a heap that is too small.
func read(output string) (finding, error) {
	f := finding{result: broken, trace: len(stateLine.FindAllString(output, -1))}
	switch name := brokenLine.FindStringSubmatch(output); {
	case name != nil:
		f.property = name[1]
		return f, nil
	case temporalLine.MatchString(output):
		f.property = temporal
		return f, nil
	}
	states := statesLine.FindStringSubmatch(output)
	if !holdsLine.MatchString(output) || states == nil {
		return finding{}, fmt.Errorf("TLC gave no verdict:\n%s", output[max(0, len(output)-lastWords):])
	}
	n, err := strconv.Atoi(states[1])
	return finding{result: holds, property: none, states: n}, err
}

// named is the one temporal property that a configuration checks.
func named(config string) string {
	var names []string
	for _, line := range checkLines.FindAllString(config, -1) {
		if words := strings.Fields(line); words[0] == "PROPERTIES" {
			names = append(names, words[1:]...)
		}
	}
	if len(names) != 1 {
		return temporal
	}
	return names[0]
}
