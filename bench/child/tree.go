package child

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/skald-saga/skald/internal/bench"
)

// CPUOf is the user and system time of a process and of those that it started and
// that still run. What cannot be read any more is left out: Postgres works in
// such processes, which live as long as the pools that hold their connections.
func CPUOf(pid int) time.Duration {
	spent, _, err := bench.Usage(pid)
	if err != nil {
		return 0
	}
	started, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return spent
	}
	for field := range bytes.FieldsSeq(started) {
		if number, err := strconv.Atoi(string(field)); err == nil {
			spent += CPUOf(number)
		}
	}
	return spent
}
