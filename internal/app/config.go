package app

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.temporal.io/sdk/interceptor"

	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/remote"
)

// Defaults of Config.
const (
	DefaultListen    = "127.0.0.1:8080"
	DefaultNamespace = "skald"
	DefaultPatience  = 5 * time.Minute
)

const (
	minPatience = time.Second
	maxPatience = 24 * time.Hour
)

// Config says where the three dependencies are. A zero field means its
// documented default.
type Config struct {
	// Roles are what this process does. Default AllRoles. Several processes may
	// have the same role; with SQLite one process has all of them.
	Roles []Role
	// Listen is the address of the HTTP API, and of readiness in a process
	// without the gateway. Default DefaultListen; port 0 is any free port.
	Listen string
	// HTTPS is the HTTP API's certificate; with a CA, clients must show one too.
	// Default: plain HTTP.
	HTTPS credential.TLS
	// Limits are how much the HTTP API takes on. Default: the gateway package's.
	Limits Limits
	// DrainDelay is how long the HTTP API goes on answering once it is told to
	// stop, while /readyz says so. Default none, at most 1 min.
	DrainDelay time.Duration
	// Database is the store: "sqlite:/file.db" or "postgres://…". Required.
	Database string
	// DatabasePassword is for Postgres, when the URL has none. TLS is the URL's.
	DatabasePassword credential.Secret
	// Ledger is the sandbox providers' own database, as it would be elsewhere if
	// they were real. Default: Database on Postgres, a file beside it on SQLite.
	Ledger string
	// LedgerPassword is for a Ledger of its own. Default: DatabasePassword, when
	// Ledger is Database.
	LedgerPassword credential.Secret
	// Kafka are brokers to begin with, as host:port. Required.
	Kafka []string
	// KafkaSecurity is TLS and SASL. Default none.
	KafkaSecurity KafkaSecurity
	// Temporal is the frontend's host:port. Required.
	Temporal string
	// TemporalTLS is the connection's. Default none.
	TemporalTLS credential.TLS
	// TemporalAPIKey is sent with every request. It needs TemporalTLS.
	TemporalAPIKey credential.Secret
	// Namespace is Temporal's. It must exist. Default DefaultNamespace.
	Namespace string
	// TemporalUI is the base URL of the Temporal UI, for links. Empty: no links.
	TemporalUI string
	// Partitions and Replication are for topics that do not exist yet. Default:
	// the kafka package's, and the broker's.
	Partitions  int
	Replication int
	// Patience is how long a step before the pivot may take until it counts as
	// exhausted: 1 s to 24 h. Default DefaultPatience.
	Patience time.Duration
	// Slots is how many young sagas of one process may be under way at a time.
	// Default workers.DefaultSlots.
	Slots int
	// Keep is how long the details of a final order stay; its row stays for ever.
	// It must exceed what Kafka and Temporal keep, as skald sets them up. Default
	// 0: for ever.
	Keep time.Duration
	// AuditGrace is how long an audit from outside does not judge what is new,
	// because it is on its way. Default 1 min.
	AuditGrace time.Duration
	// PowerLoss makes SQLite sync every commit. Without it a commit survives a
	// killed process, but not a power cut.
	PowerLoss bool
	// PaymentURL and CarrierURL are services that speak the contract in
	// docs/providers.md. Empty: the sandbox.
	PaymentURL, CarrierURL string
	// ProviderSecret signs requests to them, as "whsec_…". Empty: unsigned.
	ProviderSecret remote.Secret
	// Faults is failure injection. Default: off.
	Faults Faults
	// Logger receives what happens. Default slog.Default().
	Logger *slog.Logger
	// Version of the program, for the OpenAPI document.
	Version string
	// Seams are where tests and failure injection stand.
	Seams Seams
}

// KafkaSecurity and Limits are the kafka and gateway packages', for callers that
// never import them.
type (
	KafkaSecurity = kafka.Security
	Limits        = gateway.Limits
)

// Seams are the places from which faults come: around the business code, never
// in it. All are optional.
type Seams struct {
	Database func(driver.Connector) driver.Connector
	Payment  func(provider.Payment) provider.Payment
	Carrier  func(provider.Carrier) provider.Carrier
	Workers  []interceptor.WorkerInterceptor
	Kafka    []kgo.Opt
}

// Validate names every field that cannot be used, with its value and bound.
func (c Config) Validate() error {
	c = c.withDefaults()
	var problems []error
	for name, value := range map[string]string{"Database": c.Database, "Temporal": c.Temporal, "Kafka": strings.Join(c.Kafka, ",")} {
		if value == "" {
			problems = append(problems, fmt.Errorf("config: %s is missing", name))
		}
	}
	if c.Patience < minPatience || c.Patience > maxPatience {
		problems = append(problems, fmt.Errorf("config: Patience is %s, must be %s to %s", c.Patience, minPatience, maxPatience))
	}
	problems = append(problems, c.validateRoles(), c.validateSecurity(), c.validateLimits(), c.validateKeep(), c.Faults.Validate())
	for name, value := range map[string]int{"Partitions": c.Partitions, "Replication": c.Replication} {
		if value < 0 || value > 10_000 {
			problems = append(problems, fmt.Errorf("config: %s is %d, must be 0 to 10000", name, value))
		}
	}
	for name, url := range map[string]string{"PaymentURL": c.PaymentURL, "CarrierURL": c.CarrierURL} {
		if url == "" {
			continue
		}
		if err := (remote.Options{URL: url, Secret: c.ProviderSecret}).Validate(); err != nil {
			problems = append(problems, fmt.Errorf("config: %s: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

func (c Config) validateLimits() error {
	if err := c.Limits.Validate(); err != nil {
		return fmt.Errorf("config: Limits: %w", err)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.Namespace == "" {
		c.Namespace = DefaultNamespace
	}
	if len(c.Roles) == 0 {
		c.Roles = AllRoles()
	}
	if c.Patience == 0 {
		c.Patience = DefaultPatience
	}
	if c.Ledger == "" {
		c.Ledger = defaultLedger(c.Database)
	}
	if c.Ledger == c.Database && c.LedgerPassword.IsZero() {
		c.LedgerPassword = c.DatabasePassword
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func defaultLedger(database string) string {
	if !strings.HasPrefix(database, "sqlite:") {
		return database
	}
	return strings.TrimSuffix(database, ".db") + "-providers.db"
}
