package soak

import (
	"slices"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind string

// The kinds of fault. Those of the network are between the clients and the API.
const (
	FaultKill    FaultKind = "kill"    // SIGKILL; started again at the end
	FaultPause   FaultKind = "pause"   // SIGSTOP; SIGCONT at the end
	FaultRestart FaultKind = "restart" // told to stop, and started again at once

	// Those of an installation that is capable of them.
	FaultLeaders     FaultKind = "move_leaders"       // partitions and the group get other brokers, at the beginning and at the end
	FaultPersistence FaultKind = "persistence_faults" // calls of Temporal to its database fail, some after they were carried out
	FaultDisk        FaultKind = "disk_full"          // no more room where the process writes
	FaultClock       FaultKind = "clock_jump"         // its clock is set off, and right again at the end

	FaultLatency  FaultKind = "latency"   // every request and answer is late
	FaultReset    FaultKind = "reset"     // connections break, open ones too
	FaultCutReply FaultKind = "cut_reply" // the request arrives, its answer does not
	FaultSwallow  FaultKind = "swallow"   // nothing arrives, and nobody is told
)

// Link is what network faults are on.
const Link = "client-api"

var (
	processFaults = []FaultKind{FaultKill, FaultPause, FaultRestart}
	networkFaults = []FaultKind{FaultLatency, FaultReset, FaultCutReply, FaultSwallow}
	clockShifts   = []time.Duration{-time.Hour, -5 * time.Minute, -30 * time.Second, 30 * time.Second, 5 * time.Minute, time.Hour}
)

// harms reports whether an installation must be capable of it.
func (k FaultKind) harms() bool {
	return slices.Contains([]FaultKind{FaultLeaders, FaultPersistence, FaultDisk, FaultClock}, k)
}
