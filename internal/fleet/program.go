package fleet

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// lastWordsBytes bounds what an error quotes of what a program said.
const lastWordsBytes = 2000

// program is skald with one environment, as in its container: nothing of this
// process's own is passed on.
type program struct {
	binary      string
	dir         string // where it runs: a skald.yaml elsewhere is none of its business
	environment map[string]string
}

func (o Options) program(environment map[string]string) program {
	return program{binary: o.Binary, dir: o.Dir, environment: environment}
}

func (p program) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.binary, args...) //nolint:gosec,noctx // the caller's program, which outlives the context of its start
	cmd.Dir = p.dir
	cmd.Env = []string{} // not nil, which would be this process's
	for _, name := range slices.Sorted(maps.Keys(p.environment)) {
		cmd.Env = append(cmd.Env, name+"="+p.environment[name])
	}
	// A process group of its own, so that Ctrl-C in a terminal reaches only the
	// program that runs the fleet, which then stops it in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// run waits for the end of a program that ends by itself, and kills it when ctx
// is done before.
func (p program) run(ctx context.Context, args ...string) (string, error) {
	cmd := p.command(args...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Start(); err != nil {
		return "", err
	}
	release := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() }) // it may just have ended
	defer release()
	if err := cmd.Wait(); err != nil {
		said := complaint.Bytes()
		return out.String(), fmt.Errorf("skald %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(said[max(0, len(said)-lastWordsBytes):]))
	}
	return out.String(), nil
}
