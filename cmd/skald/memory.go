package main

import (
	"os"
	"runtime/debug"
)

// What embedded skald trades memory for. Most of what a saga allocates is gone a
// moment later, and the live heap is small (docs/performance.md): collecting it
// three times less often costs some ten megabytes each time it doubles. But what
// the broker remembers of each order stays for a week, and five times that would
// come and go: the limit bounds that. It is soft; near it the collector works as
// hard as it must.
const (
	gcPercent   = 400
	memoryLimit = 640 << 20 // bytes
)

// tuneCollector sets the garbage collector for a process that holds the whole
// system. GOGC and GOMEMLIMIT in the environment win. skald serve leaves it to
// them: its image sets both.
func tuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
