package bench

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// observation is how the measured processes and folders are at one moment.
type observation struct {
	at   time.Time
	ends int           // orders that have ended, warm-up included
	cpu  time.Duration // user and system time of all processes
	rss  int64         // resident memory of all processes, in bytes
	disk int64         // length of all files in all folders, in bytes
}

// observe leaves out what cannot be read: a system without /proc, or a process
// that has ended.
func (r *run) observe() observation {
	seen := observation{at: r.o.Now(), ends: r.ledger.ends()}
	for _, pid := range r.o.Processes {
		cpu, rss, err := Usage(pid)
		if err != nil {
			continue
		}
		seen.cpu += cpu
		seen.rss += rss
	}
	for _, folder := range r.o.Folders {
		seen.disk += sizeOf(folder)
	}
	return seen
}

// perSecond is the rate of ends since an observation before.
func (o observation) perSecond(before observation) float64 {
	if passed := o.at.Sub(before.at).Seconds(); passed > 0 {
		return float64(o.ends-before.ends) / passed
	}
	return 0
}

// cost is CPU in milliseconds and disk in bytes for each end since an
// observation before; of no end there is none.
func (o observation) cost(before observation) (cpu, disk float64) {
	ends := float64(o.ends - before.ends)
	if ends == 0 {
		return 0, 0
	}
	return milliseconds(o.cpu-before.cpu) / ends, float64(o.disk-before.disk) / ends
}

// userHz is the unit of times in /proc/[pid]/stat: proc(5) says it is what
// sysconf(_SC_CLK_TCK) returns, which on Linux is 100 on every architecture
// that Go supports.
const userHz = 100

// Usage is the user and system time that a process has taken so far, and its
// resident memory in bytes. It reads Linux' proc(5): fields 14 and 15 of stat are the times, 24 is
// the resident set in pages. The second field, the command, may hold spaces.
func Usage(pid int) (cpu time.Duration, rss int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	end := bytes.LastIndexByte(text, ')')
	fields := bytes.Fields(text[end+1:])
	const user, system, resident = 14 - 3, 15 - 3, 24 - 3 // the third field is the first after the command
	if end < 0 || len(fields) <= resident {
		return 0, 0, fmt.Errorf("/proc/%d/stat has %d fields after the command", pid, len(fields))
	}
	var numbers [3]int64
	for n, field := range []int{user, system, resident} {
		if numbers[n], err = strconv.ParseInt(string(fields[field]), 10, 64); err != nil {
			return 0, 0, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
	}
	return time.Duration(numbers[0]+numbers[1]) * time.Second / userHz, numbers[2] * int64(os.Getpagesize()), nil
}

// sizeOf is the length of all files in a folder. Files may come and go meanwhile.
func sizeOf(folder string) (total int64) {
	_ = filepath.WalkDir(folder, func(_ string, file fs.DirEntry, err error) error {
		if err != nil || file.IsDir() {
			return nil //nolint:nilerr // what is gone has no length
		}
		if info, err := file.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}
