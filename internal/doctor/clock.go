package doctor

import (
	"context"
	"fmt"
	"time"
)

// Skew between this machine's clock and the database's. Nothing that must not
// go wrong is measured with two clocks; but the audit gives differences a
// minute of grace, so half of it must not be the clocks'.
const (
	warnSkew = time.Second
	failSkew = 30 * time.Second
)

// askClock compares with the middle between question and answer.
func askClock(ctx context.Context, db Database) ([]Finding, error) {
	before := time.Now()
	theirs, err := db.Clock(ctx)
	if err != nil {
		return nil, err
	}
	took := time.Since(before)
	return []Finding{judgeClock(theirs.Sub(before.Add(took/2)), took)}, nil
}

// judgeClock counts as skew only what the way there and back cannot explain.
func judgeClock(ahead, took time.Duration) Finding {
	c := check{"database", "clock"}
	skew := max(ahead.Abs()-took/2, 0)
	found := fmt.Sprintf("the database's clock is %s this machine's", against(ahead.Round(time.Millisecond)))
	const mend = "synchronise both clocks (NTP): chronyc tracking, or timedatectl timesync-status, says how far each is off"
	switch {
	case skew > failSkew:
		return c.fail(found, "The audit would take what is on its way for what is missing, and certificates and tokens may not count as valid.", mend)
	case skew > warnSkew:
		return c.warn(found, "Times in events, logs and the Temporal UI do not fit together.", mend)
	}
	return c.ok("%s", found)
}

func against(ahead time.Duration) string {
	switch {
	case ahead == 0:
		return "with"
	case ahead < 0:
		return (-ahead).String() + " behind"
	}
	return ahead.String() + " ahead of"
}
