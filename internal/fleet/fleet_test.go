package fleet_test

import "testing"

// One installation for every scenario, because starting it costs more than most
// of them: each has customers of its own, and the audit at the end judges all.
func TestAnInstallationKeepsItsPromises(t *testing.T) {
	in := install(t)
	in.restock(t)
	for _, scenario := range []struct {
		name string
		play func(*testing.T, *installation)
	}{
		{"when a worker and the leading relay are killed", killUnderLoad},
		{"when each server is away for a while", outagesUnderLoad},
		{"when every process is restarted", rollingRestart},
		{"when clients are hostile", hostileClients},
	} {
		if !t.Run(scenario.name, func(t *testing.T) { scenario.play(t, in) }) {
			return
		}
	}
	in.wantCleanAudit(t)
}
