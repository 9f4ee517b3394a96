package soak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
)

// auditGrace is how long what an audit judges must have rested: at the end of a
// run nothing is on its way.
const auditGrace = "1ms"

// audited runs skald audit. That it found something is in what it prints.
func audited(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		killed := cmd.Process.Kill()
		err = errors.Join(ctx.Err(), killed, <-done)
	}
	if out.Len() == 0 {
		return nil, fmt.Errorf("skald audit printed nothing: %w: %s", err, complaints.String())
	}
	return out.Bytes(), nil
}
