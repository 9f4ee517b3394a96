package stack

import "fmt"

// TellsOfFault is what the log of Temporal says for each fault of
// FailPersistence that met somebody who complained.
const TellsOfFault = "fault injection error"

// FailPersistence has the server, from its next start on, fail that share of
// each kind of call that a workflow makes to the database: as many again get the
// answer that it is not available, time out before they are carried out, and time
// out after. 0 lifts it. It is Temporal's own fault injection.
func (t *Temporal) FailPersistence(share float64) error {
	if share < 0 || share > 0.2 {
		return fmt.Errorf("stack: the share of calls that fail is %v, must be 0 to 0.2", share)
	}
	values := t.values
	values.Faults = share
	return writeConfig(t.config, "temporal.yaml", values)
}
