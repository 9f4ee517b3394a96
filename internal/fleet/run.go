package fleet

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// run is one life of a replica.
type run struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed once err is set
	err   error
}

func (r *run) wait() {
	r.err = r.cmd.Wait()
	close(r.ended)
}

// alive reports whether the life goes on; that of a nil run does not.
func (r *run) alive() bool {
	if r == nil {
		return false
	}
	select {
	case <-r.ended:
		return false
	default:
		return true
	}
}

// signal tells the process something; one that has just ended needs no telling.
func (r *run) signal(signal syscall.Signal) error {
	if err := r.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
