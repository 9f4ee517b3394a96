package main

import (
	"fmt"
	"strings"

	"github.com/skald-saga/skald/internal/bench"
)

func (b *benchCommand) print(con *console, r bench.Report) error {
	if b.json() {
		return con.document(r)
	}
	loop := fmt.Sprintf("closed, %d in flight", r.InFlight)
	if r.Loop == "open" {
		loop = fmt.Sprintf("open, %g orders/s, %d due", r.Rate, r.Intended)
	}
	rows := []string{
		"loop\t" + loop,
		fmt.Sprintf("sagas\t%.0f a second, %d in %.1f s and %.1f s of draining", r.SagasPerSecond, r.Ended, r.Seconds, r.DrainedIn),
		"acceptance\t" + latency(r.Acceptance),
		"order to final\t" + latency(r.OrderToFinal),
	}
	if r.CPUMillisPerSaga > 0 {
		rows = append(rows, fmt.Sprintf("process\t%.2f ms CPU a saga, %d MiB resident", r.CPUMillisPerSaga, r.RSSBytes>>20))
	}
	if r.DiskBytesPerSaga > 0 {
		rows = append(rows, fmt.Sprintf("disk\t%.1f KiB a saga", r.DiskBytesPerSaga/1024))
	}
	if r.Refused+r.Unknown+r.Lost+r.Wrong > 0 {
		rows = append(rows, fmt.Sprintf("not done\t%d refused, %d unknown, %d lost, %d ended otherwise", r.Refused, r.Unknown, r.Lost, r.Wrong))
	}
	return con.table(rows...)
}

func latency(p bench.Percentiles) string {
	return fmt.Sprintf("p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, at most %.1f ms", p.P50, p.P90, p.P99, p.Max)
}

// clearLine goes back to the beginning of the terminal's line and empties it.
const clearLine = "\r\x1b[K"

// progressWidth is how many cells a whole bar has.
const progressWidth = 30

// progress draws one line over the one before.
func (c *console) progress(p bench.Progress) {
	full := int(p.Share * progressWidth)
	bar := strings.Repeat("█", full) + strings.Repeat("░", progressWidth-full)
	c.notef(clearLine+"%-15s %s %6d placed %6d ended %5d under way", p.Phase, bar, p.Placed, p.Ended, p.InFlight)
	if p.Refused > 0 {
		c.notef(" %d refused", p.Refused)
	}
}

// sample writes a line about the time since the one before.
func (c *console) sample(s bench.Sample) {
	var line strings.Builder
	fmt.Fprintf(&line, "%6.0f s  %5.0f sagas/s  p50 %7.1f ms  p99 %7.1f ms", s.Seconds, s.SagasPerSecond, s.OrderToFinal.P50, s.OrderToFinal.P99)
	if s.RSSBytes > 0 {
		fmt.Fprintf(&line, "  %6.2f ms CPU a saga  %5d MiB resident", s.CPUMillisPerSaga, s.RSSBytes>>20)
	}
	if s.DiskBytes > 0 {
		fmt.Fprintf(&line, "  %6d MiB on disk", s.DiskBytes>>20)
	}
	if c.tty {
		c.notef(clearLine) // the progress bar's
	}
	c.printf("%s  %7d stored\n", line.String(), s.Stored)
}
