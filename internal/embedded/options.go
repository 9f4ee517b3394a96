package embedded

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
)

// Durability says which accident acknowledged data survives.
type Durability string

const (
	// SurviveProcess keeps everything when the process is killed: writes are
	// handed to the operating system before they are acknowledged.
	SurviveProcess Durability = "process"
	// SurvivePowerLoss also syncs Temporal's main file and every Kafka batch to
	// the disk before they are acknowledged.
	SurvivePowerLoss Durability = "power-loss"
)

const (
	defaultNamespace = "skald"
	// defaultRetention must be longer than anything that can replay an order,
	// because Temporal refuses a second saga only while it keeps the first.
	defaultRetention = 7 * 24 * time.Hour
	// minRetention is the shortest retention the server's own API accepts.
	minRetention = time.Hour
	maxPort      = 65535
)

// Options describe one engine. The zero value of a field means its default.
type Options struct {
	// Dir is the data folder, created when missing. Required.
	Dir string
	// Namespace is the Temporal namespace that Start makes sure of. Default "skald".
	Namespace string
	// KafkaPort, TemporalPort and UIPort are 127.0.0.1 ports. Default 0: any free one.
	KafkaPort, TemporalPort, UIPort int
	// Durability is SurviveProcess by default.
	Durability Durability
	// Retention is how long closed workflows are kept. Default 7 days, at least 1 hour.
	Retention time.Duration
	// SearchAttributes are custom attributes of the namespace, usable when Start
	// returns. Attributes of earlier starts stay; an attribute cannot change its type.
	SearchAttributes map[string]enumspb.IndexedValueType
	// Logger receives what the parts log. Default slog.Default().
	Logger *slog.Logger
	// LogLevel is the least level the parts log at. Default slog.LevelWarn.
	LogLevel slog.Leveler
	// NoUI leaves the Temporal UI out.
	NoUI bool
}

// Validate names the first field that cannot be used, its value and its bound.
func (o Options) Validate() error {
	if o.Dir == "" {
		return fmt.Errorf("embedded: Dir is empty: a data folder is required")
	}
	if o.Durability != "" && o.Durability != SurviveProcess && o.Durability != SurvivePowerLoss {
		return fmt.Errorf("embedded: Durability %q: want %q or %q", o.Durability, SurviveProcess, SurvivePowerLoss)
	}
	if o.Retention != 0 && o.Retention < minRetention {
		return fmt.Errorf("embedded: Retention %v: at least %v", o.Retention, minRetention)
	}
	return o.validatePorts()
}

func (o Options) validatePorts() error {
	ports := map[string]int{"KafkaPort": o.KafkaPort, "TemporalPort": o.TemporalPort, "UIPort": o.UIPort}
	users := map[int]string{}
	for _, name := range slices.Sorted(maps.Keys(ports)) {
		port := ports[name]
		if port < 0 || port > maxPort {
			return fmt.Errorf("embedded: %s %d: want 0 to %d", name, port, maxPort)
		}
		if other, taken := users[port]; taken && port != 0 {
			return fmt.Errorf("embedded: %s %d: already the %s", name, port, other)
		}
		users[port] = name
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Namespace == "" {
		o.Namespace = defaultNamespace
	}
	if o.Durability == "" {
		o.Durability = SurviveProcess
	}
	if o.Retention == 0 {
		o.Retention = defaultRetention
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.LogLevel == nil {
		o.LogLevel = slog.LevelWarn
	}
	return o
}
