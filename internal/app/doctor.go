package app

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/doctor"
)

// What an examination speaks in, for callers that never import the package.
type (
	Examination  = doctor.Report
	Finding      = doctor.Finding
	FindingState = doctor.State
)

// ExamineOptions say what an installation is.
type ExamineOptions struct {
	// Embedded: it is a skald dev.
	Embedded bool
	// Settings are the flags with which a command of skald gets to it, for the
	// commands that findings recommend.
	Settings string
}

// The states of a finding.
const (
	FindingOK      = doctor.OK
	FindingWarn    = doctor.Warn
	FindingFail    = doctor.Fail
	FindingSkipped = doctor.Skipped
)

// Examine compares what is at c's addresses with what skald needs of it for c's
// roles, and changes nothing. What does not answer is a finding; it errors only
// when the configuration cannot be used.
func Examine(ctx context.Context, c Config, o ExamineOptions) (_ Examination, err error) {
	if err := c.Validate(); err != nil {
		return Examination{}, err
	}
	c = c.withDefaults()
	e := &examiner{config: c}
	defer func() { err = errors.Join(err, e.close()) }()
	d, err := doctor.New(doctor.Options{
		Access: c.access(), Groups: c.groups(), Embedded: o.Embedded, Connections: 2 * database.DefaultMaxConns, Partitions: c.Partitions, Keep: c.Keep,
		Settings: o.Settings, Bootstrap: c.bootstrap(), Address: c.Temporal, NamespaceName: c.Namespace,
		Database: e.openDatabase, Ledger: e.openLedger, SharedLedger: c.Ledger == c.Database,
		Kafka: e.openKafka, Temporal: e.openTemporal, Providers: c.ownProviders(),
	})
	if err != nil {
		return Examination{}, err
	}
	return d.Examine(ctx), nil
}

// bootstrap is how Kafka's own tools are told where the brokers are.
func (c Config) bootstrap() string {
	brokers := strings.Join(c.Kafka, ",")
	if c.KafkaSecurity.Mechanism != "" || c.KafkaSecurity.TLS.Enabled {
		brokers += " --command-config client.properties"
	}
	return brokers
}

func (c Config) ownProviders() (own []doctor.Provider) {
	for _, p := range []doctor.Provider{{Kind: "payment", URL: c.PaymentURL}, {Kind: "carrier", URL: c.CarrierURL}} {
		if p.URL != "" {
			own = append(own, p)
		}
	}
	return own
}

// examiner opens what is examined, and closes it again.
type examiner struct {
	config   Config
	database *database.DB
	ledger   *database.DB
	mu       sync.Mutex // Kafka and Temporal are opened at once
	closers  []func()
}

func (e *examiner) close() error {
	for _, closer := range e.closers {
		closer()
	}
	var failures []error
	for _, db := range []*database.DB{e.database, e.ledger} {
		if db != nil {
			failures = append(failures, db.Close())
		}
	}
	return errors.Join(failures...)
}

// RedactURL hides the password in an address.
func RedactURL(url string) string { return database.Redact(url) }
