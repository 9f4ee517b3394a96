package doctor

import "fmt"

// State is what a check came to.
type State string

// The states.
const (
	OK      State = "ok"
	Warn    State = "warn"    // skald runs, and something it promises hangs by less than it should
	Fail    State = "fail"    // skald does not run, or breaks a promise
	Skipped State = "skipped" // the check does not apply here, or could not be made
)

// States lists every state.
func States() []State { return []State{OK, Warn, Fail, Skipped} }

// Finding is the outcome of one check.
type Finding struct {
	// Of is the dependency: database, ledger, kafka, temporal, payment, carrier,
	// or together for what two of them must agree on.
	Of string `json:"of"`
	// Check is the name of the check, unique within Of.
	Check string `json:"check"`
	State State  `json:"state"`
	// Found is what was seen, or why the check was skipped.
	Found string `json:"found"`
	// Why says what it means for skald. Only of what is not ok.
	Why string `json:"why,omitempty"`
	// Mend is what to do: commands and SQL as they can be run, or a sentence.
	Mend []string `json:"mend,omitempty"`
}

// Report is an examination.
type Report struct {
	Findings []Finding `json:"findings"`
}

// Count is how many findings have a state.
func (r Report) Count(state State) int {
	count := 0
	for _, finding := range r.Findings {
		if finding.State == state {
			count++
		}
	}
	return count
}

// check names one.
type check struct{ of, name string }

func (c check) ok(found string, args ...any) Finding {
	return Finding{Of: c.of, Check: c.name, State: OK, Found: fmt.Sprintf(found, args...)}
}

func (c check) skip(because string, args ...any) Finding {
	return Finding{Of: c.of, Check: c.name, State: Skipped, Found: fmt.Sprintf(because, args...)}
}

func (c check) warn(found, why string, mend ...string) Finding {
	return Finding{Of: c.of, Check: c.name, State: Warn, Found: found, Why: why, Mend: mend}
}

func (c check) fail(found, why string, mend ...string) Finding {
	return Finding{Of: c.of, Check: c.name, State: Fail, Found: found, Why: why, Mend: mend}
}
