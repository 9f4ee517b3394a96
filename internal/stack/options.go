package stack

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
)

// DefaultNamespace is the namespace that skald uses unless told otherwise.
const DefaultNamespace = "skald"

// Options say what to run and where. A zero field means its documented default.
type Options struct {
	// Dir holds everything: data, logs, configuration. An absolute path, made
	// when missing. Required. When root starts the stack, Postgres runs as
	// another user, who must be able to enter it; TempDir makes one that fits.
	Dir string
	// Tools are the programs, as Install returns them. Required.
	Tools Tools
	// Ports are where the servers listen.
	Ports Ports
	// Brokers is how many brokers Kafka has, up to MaxBrokers. With more than one,
	// every topic is on as many, and all but one must have a record before it is
	// acknowledged. Default 1; without security only.
	Brokers int
	// PostgresDir holds what Postgres writes, for one that is to have a file system
	// of its own: an absolute path. Default: a folder in Dir.
	PostgresDir string
	// PostgresClock lets Postgres' clock be moved while it runs: see
	// Postgres.MoveClock. It takes libfaketime, and Postgres runs a little slower.
	PostgresClock bool
	// Namespace is made in Temporal. Default DefaultNamespace.
	Namespace string
	// Secure encrypts and asks everybody who they are: Kafka with SASL or a
	// certificate and access control lists, Temporal with mutual TLS, Postgres
	// with TLS and a password. See Stack.Security. A folder stays what it was
	// made as.
	Secure bool
	// TemporalTokens has a secured Temporal ask its clients for a token in place
	// of a certificate: what skald's settings call an API key.
	TemporalTokens bool
	// Logger is told of every start and stop. Default slog.Default().
	Logger *slog.Logger
}

// MaxBrokers bounds Options.Brokers.
const MaxBrokers = 3

// Ports are the ports that programs talk to, on 127.0.0.1. Zero is any free one
// below the ephemeral range. Ports that the servers need among themselves are
// always chosen.
type Ports struct{ Kafka, Temporal, Postgres int }

// Validate names every field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	var problems []error
	if !filepath.IsAbs(o.Dir) {
		problems = append(problems, fmt.Errorf("stack: Dir is %q, must be an absolute path", o.Dir))
	}
	if strings.ContainsAny(o.Dir, ",\\\n\r") {
		problems = append(problems, fmt.Errorf("stack: Dir is %q, must be without comma, backslash and line break: Kafka's configuration cannot hold them", o.Dir))
	}
	if o.TemporalTokens && !o.Secure {
		problems = append(problems, errors.New("stack: TemporalTokens is true, must be false without Secure: a token is not for a connection that anybody can read"))
	}
	if o.Brokers < 0 || o.Brokers > MaxBrokers {
		problems = append(problems, fmt.Errorf("stack: Brokers is %d, must be 0 to %d", o.Brokers, MaxBrokers))
	}
	if o.Brokers > 1 && o.Secure {
		problems = append(problems, fmt.Errorf("stack: Brokers is %d, must be 1 with Secure", o.Brokers))
	}
	if o.PostgresDir != "" && !filepath.IsAbs(o.PostgresDir) {
		problems = append(problems, fmt.Errorf("stack: PostgresDir is %q, must be an absolute path", o.PostgresDir))
	}
	if o.PostgresClock && o.Tools.FakeTime == "" {
		problems = append(problems, errors.New("stack: PostgresClock is true, must be false without Tools.FakeTime: install libfaketime"))
	}
	return errors.Join(append(problems, o.Tools.validate(), o.Ports.validate())...)
}

func (o Options) inPostgres(name string) string { return filepath.Join(o.PostgresDir, name) }

func (o Options) withDefaults() Options {
	o.Dir = filepath.Clean(o.Dir)
	o.Brokers = max(1, o.Brokers)
	if o.PostgresDir == "" {
		o.PostgresDir = filepath.Join(o.Dir, "postgres")
	}
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	o.Logger = orDefault(o.Logger)
	return o
}

func (p Ports) validate() error {
	var problems []error
	for _, port := range p.named() {
		if port.number < 0 || port.number > maxPort {
			problems = append(problems, fmt.Errorf("stack: Ports.%s is %d, must be 0 to %d", port.name, port.number, maxPort))
		}
	}
	return errors.Join(problems...)
}

type namedPort struct {
	name   string
	number int
}

func (p Ports) named() []namedPort {
	return []namedPort{{"Kafka", p.Kafka}, {"Temporal", p.Temporal}, {"Postgres", p.Postgres}}
}
