package gateway

import "github.com/skald-saga/skald/internal/admission"

// Load is how much a Gateway has to do, against its Limits.
type Load struct {
	Work, Reads, Decisions, DeadLetters admission.Load // requests that are worked on, and that wait for it

	Requests    int   // open, whatever they do; health checks and scrapes not counted
	Waits       int   // wait for an order's end
	Streams     int   // of events
	Connections int   // of the last Serve
	BodyMemory  int64 // bytes drawn from MaxBodyMemory
	Clients     int   // remembered for Rate
}

// Load is how much g has to do now. It is cheap: for metrics.
func (g *Gateway) Load() Load {
	load := Load{
		Work: g.doors.places.work.Load(), Reads: g.doors.places.reads.Load(),
		Decisions: g.doors.places.decisions.Load(), DeadLetters: g.doors.places.letters.Load(),
		Requests: g.doors.open.Open(), Waits: len(g.waits), Streams: len(g.streams),
		BodyMemory: g.doors.bodies.Held(), Clients: g.doors.rates.Clients(),
	}
	if listener := g.listener.Load(); listener != nil {
		load.Connections = listener.Open()
	}
	return load
}
