package soak

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/skald-saga/skald/internal/fleet"
	"github.com/skald-saga/skald/internal/stack"
)

// StackProcesses are the processes of an installation on the real stack: skald's,
// with docker-compose.yml's names, and the servers.
func StackProcesses() []string {
	return []string{"gateway-1-1", "gateway-2-1", "worker-1", "worker-2", "relay-1", "relay-2", kafkaServer, "kafka-2", "kafka-3", temporalServer, postgresServer}
}

// Names of the servers.
const (
	kafkaServer    = "kafka"
	temporalServer = "temporal"
	postgresServer = "postgres"
)

// StackOptions say which skald to run on the stack.
type StackOptions struct {
	// ComposeFile describes skald's processes, as docker-compose.yml does. Required.
	ComposeFile string
	// Binary is skald, as an absolute path. Required.
	Binary string
	// Logs is where every process' log goes. It exists. Required.
	Logs string
	// Plan says what of its servers must be capable of. Required.
	Plan Plan
	// Logger is told of every start and stop. Required.
	Logger *slog.Logger
}

// stacked is skald's processes as in production, on real Kafka, Temporal and
// Postgres, each with a process of its own.
type stacked struct {
	o       StackOptions
	dir     string
	servers *stack.Stack
	disk    *disk // of Postgres; nil when the plan does not fill it
	fleet   *fleet.Fleet
	own     map[string]Process
}

// StartStack installs the servers if they are not there yet, which takes minutes
// and needs Java, Maven, Go and Postgres, and returns when all of skald is
// healthy. Close it when done.
func StartStack(ctx context.Context, o StackOptions) (Installation, error) {
	s := &stacked{o: o}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start the stack: %w", err), s.Close())
	}
	return s, nil
}

func (s *stacked) start(ctx context.Context) error {
	tools, err := stack.Install(ctx, "", s.o.Logger)
	if err != nil {
		return err
	}
	if s.dir, err = stack.TempDir(); err != nil {
		return err
	}
	if err := s.startServers(ctx, tools); err != nil {
		return err
	}
	s.fleet, err = fleet.Start(ctx, fleet.Options{
		ComposeFile: s.o.ComposeFile, Binary: s.o.Binary, Dir: s.o.Logs, Logger: s.o.Logger,
		Addresses: map[string]string{
			"postgres:5432": s.servers.Postgres.Address(), "kafka:19092": strings.Join(s.Kafka(), ","), "temporal:7233": s.servers.Temporal.Address(),
		},
		Replicas:    map[string]int{"relay": 2}, // one leads, one stands by
		Environment: map[string]string{"SKALD_FAULTS": "headers", "SKALD_FAULTS_UNLIMITED": "true"},
	})
	if err != nil {
		return err
	}
	for _, process := range s.fleet.Processes() {
		s.own[process.Name()] = supervised{process}
	}
	return nil
}

// startServers starts three brokers, as many as a real Kafka has at least, and
// gives Postgres a disk and a clock of its own when the plan needs them.
func (s *stacked) startServers(ctx context.Context, tools stack.Tools) (err error) {
	o := stack.Options{
		Tools: tools, Dir: filepath.Join(s.dir, "stack"), Logger: s.o.Logger, Brokers: stack.MaxBrokers,
		PostgresDir: filepath.Join(s.dir, "postgres"), PostgresClock: s.o.Plan.Has(FaultClock),
	}
	if err := os.Mkdir(o.PostgresDir, 0o711); err != nil { //nolint:gosec // root's Postgres is another user
		return err
	}
	if s.o.Plan.Has(FaultDisk) {
		if s.disk, err = mountDisk(o.PostgresDir); err != nil {
			return err
		}
	}
	if s.servers, err = stack.Start(ctx, o); err != nil {
		return err
	}
	s.own = map[string]Process{
		kafkaServer: server{s.servers.Kafka}, temporalServer: server{s.servers.Temporal}, postgresServer: server{s.servers.Postgres},
	}
	for n, broker := range s.servers.Brokers {
		s.own[fmt.Sprintf("%s-%d", kafkaServer, n+2)] = server{broker}
	}
	return nil
}

// APIs are those of both gateways.
func (s *stacked) APIs() []string {
	var urls []string
	for _, gateway := range s.fleet.WithRole("gateway") {
		urls = append(urls, addressOf(gateway.URL()))
	}
	return urls
}

func (s *stacked) Kafka() []string { return s.servers.KafkaAddresses() }

func (s *stacked) Process(name string) (Process, error) {
	if process, there := s.own[name]; there {
		return process, nil
	}
	return nil, fmt.Errorf("an installation on the stack has no process %q", name)
}

func (s *stacked) AwaitHealthy(ctx context.Context) error {
	for _, process := range s.fleet.Processes() {
		if err := process.AwaitHealthy(ctx); err != nil {
			return fmt.Errorf("%s: %w", process.Name(), err)
		}
	}
	return nil
}

// Audit runs where a worker does. That it found something is in what it prints.
func (s *stacked) Audit(ctx context.Context) ([]byte, error) {
	text, err := s.fleet.Run(ctx, "worker", "audit", "--grace", auditGrace, "--output", "json")
	if text == "" {
		return nil, err
	}
	return []byte(text), nil
}

// Close ends everything, keeps the servers' logs and removes their data.
func (s *stacked) Close() (err error) {
	if s.fleet != nil {
		err = s.fleet.Close()
	}
	if s.servers != nil {
		err = errors.Join(err, s.servers.Close(), s.keepLogs())
		s.servers = nil
	}
	if s.dir != "" {
		err = errors.Join(err, s.disk.close(), os.RemoveAll(s.dir))
		s.dir = ""
	}
	return err
}

func (s *stacked) keepLogs() (err error) {
	logs := map[string]string{
		kafkaServer: s.servers.Kafka.Log(), temporalServer: s.servers.Temporal.Log(), postgresServer: s.servers.Postgres.Log(),
	}
	for n, broker := range s.servers.Brokers {
		logs[fmt.Sprintf("%s-%d", kafkaServer, n+2)] = broker.Log()
	}
	for name, log := range logs {
		text, failed := os.ReadFile(log)                                        //nolint:gosec // G304: the stack's own
		kept := os.WriteFile(filepath.Join(s.o.Logs, name+".log"), text, 0o600) //nolint:gosec // G703: in the folder that the user named
		err = errors.Join(err, failed, kept)
	}
	return err
}
