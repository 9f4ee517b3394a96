package soak

import "context"

// Installation is a skald to test, with real processes. StartEmbedded and
// StartStack make one.
type Installation interface {
	// APIs are the addresses of the HTTP API, as host:port. They never change.
	APIs() []string
	// Kafka are the brokers.
	Kafka() []string
	// Process finds a process by the name that the plan has for it.
	Process(name string) (Process, error)
	// Harm is a fault that it is capable of.
	Harm(fault Fault) (Harm, error)
	// Audit runs skald audit there and returns its JSON.
	Audit(ctx context.Context) ([]byte, error)
	// AwaitHealthy returns when every process does its work.
	AwaitHealthy(ctx context.Context) error
	// Close ends every process. It is safe to call twice.
	Close() error
}

// Process is one that faults hit. Names of methods are those of fleet.Process,
// which is one.
type Process interface {
	// Kill ends it at once and waits until it is gone.
	Kill() error
	// Start starts it again and does not wait until it is ready.
	Start(ctx context.Context) error
	// Stop asks it to end and waits for it.
	Stop(ctx context.Context) error
	Pause() error
	Resume() error
	// AwaitHealthy returns when it does its work.
	AwaitHealthy(ctx context.Context) error
}
