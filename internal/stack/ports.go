package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ports are all that the servers of one stack listen on. They are kept in the
// folder: a Temporal host that comes back elsewhere waits for a minute for the
// one that it was before.
type ports struct {
	Kafka      int `json:"kafka"`
	Controller int `json:"controller"`
	// KafkaTLS is where a secured Kafka asks for certificates.
	KafkaTLS int `json:"kafka_tls"`
	// Brokers are where Kafka's further brokers listen.
	Brokers  []int         `json:"brokers,omitempty"`
	Postgres int           `json:"postgres"`
	Temporal temporalPorts `json:"temporal"`
}

// temporalPorts are where Temporal's services listen; GRPC of the frontend is
// what clients use.
type temporalPorts struct {
	Frontend servicePorts `json:"frontend"`
	History  servicePorts `json:"history"`
	Matching servicePorts `json:"matching"`
	Worker   servicePorts `json:"worker"`
	// Internal is the frontend of the server's own, used when Frontend asks for
	// tokens.
	Internal servicePorts `json:"internal_frontend"`
}

type servicePorts struct {
	GRPC       int `json:"grpc"`
	Membership int `json:"membership"`
}

func (p temporalPorts) all() []int {
	var all []int
	for _, service := range []servicePorts{p.Frontend, p.History, p.Matching, p.Worker, p.Internal} {
		all = append(all, service.GRPC, service.Membership)
	}
	return all
}

// holdPorts takes the ports of a stack: those that are wanted, else those that
// its folder was used with before, else free ones.
func (h *holder) holdPorts(wanted Ports, brokers int, before ports) (ports, error) {
	service := func(name string, wanted int, before servicePorts) servicePorts {
		return servicePorts{GRPC: h.hold(name, wanted, before.GRPC), Membership: h.hold(name, 0, before.Membership)}
	}
	used := ports{
		Kafka:      h.hold("Kafka", wanted.Kafka, before.Kafka),
		Controller: h.hold("Kafka's controller", 0, before.Controller),
		KafkaTLS:   h.hold("Kafka's clients with certificates", 0, before.KafkaTLS),
		Postgres:   h.hold("Postgres", wanted.Postgres, before.Postgres),
		Temporal: temporalPorts{
			Frontend: service("Temporal", wanted.Temporal, before.Temporal.Frontend),
			History:  service("Temporal's history", 0, before.Temporal.History),
			Matching: service("Temporal's matching", 0, before.Temporal.Matching),
			Worker:   service("Temporal's worker", 0, before.Temporal.Worker),
			Internal: service("Temporal's internal frontend", 0, before.Temporal.Internal),
		},
	}
	for n := range max(0, brokers-1) {
		known := 0
		if n < len(before.Brokers) {
			known = before.Brokers[n]
		}
		used.Brokers = append(used.Brokers, h.hold(fmt.Sprintf("Kafka's broker %d", n+2), 0, known))
	}
	return used, errors.Join(h.failures...)
}

// choosePorts holds the ports of the folder's next stack, and remembers them.
func (f *folder) choosePorts(h *holder, wanted Ports, brokers int) (ports, error) {
	before, err := f.ports()
	if err != nil {
		return ports{}, err
	}
	used, err := h.holdPorts(wanted, brokers, before)
	if err != nil {
		return ports{}, err
	}
	return used, f.keepPorts(used)
}

// ports are those that the folder was used with before, zero when it is new.
func (f *folder) ports() (before ports, err error) {
	text, err := os.ReadFile(f.join("ports.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return ports{}, nil
	}
	if err != nil {
		return ports{}, err
	}
	if err := json.Unmarshal(text, &before); err != nil {
		return ports{}, fmt.Errorf("%s: %w", f.join("ports.json"), err)
	}
	return before, nil
}

func (f *folder) keepPorts(used ports) error {
	text, err := json.MarshalIndent(used, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(f.join("ports.json"), append(text, '\n'), 0o600)
}
