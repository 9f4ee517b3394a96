//go:build skald_chaos && unix

package fault

import (
	"fmt"
	"os"
	"syscall"
)

// killable says whether this program can kill itself: only when it was built to.
const killable = true

// kill sends this process the signal. It returns only from a STOP, when
// somebody has sent CONT.
func kill(signal Signal) error {
	number := syscall.SIGKILL
	if signal == SignalStop {
		number = syscall.SIGSTOP
	}
	if err := syscall.Kill(os.Getpid(), number); err != nil {
		return fmt.Errorf("send this process %s: %w", signal, err)
	}
	if signal == SignalKill {
		select {} // the signal is on its way; nothing may happen after it
	}
	return nil
}
