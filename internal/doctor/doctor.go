// Package doctor examines an environment: does it offer what skald promises?
//
// It asks the database, Kafka, Temporal and the providers, every question with
// its own time limit and all of them at once, and judges the answers. A
// judgement is a Finding: what was looked at and what was found; when that is
// not well, also why it matters and the exact command or SQL that mends it. A
// dependency that does not answer is one finding, not one for each question.
//
// Asking and judging are apart. Database, Kafka and Temporal are small
// interfaces that answer with plain facts; SQL, Cluster and Frontend are the
// real ones. What is judged from facts alone can be tested with a table.
//
// The doctor changes nothing: what it must try, such as a write, it takes back
// or asks in a way that has no effect.
package doctor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/skald-saga/skald/internal/kafka"
)

// DefaultLimit is how long one question may take.
const DefaultLimit = 10 * time.Second

const maxLimit = 10 * time.Minute

// Options say what to examine. What is nil is not examined.
type Options struct {
	// Access is what whoever runs here does with topics, and Groups are those as
	// which it reads: its rights are compared with that.
	Access []kafka.Access
	Groups []string
	// Embedded says that the environment is one of skald dev: one broker on one
	// disk is what it promises there.
	Embedded bool
	// Connections is how many connections to the database a process may open.
	Connections int
	// Partitions is how many skald is told to make topics with; 0 says nothing.
	Partitions int
	// Keep is for how long skald is told to keep the details of final orders; 0
	// is for ever.
	Keep time.Duration
	// Settings are what a command of skald needs to get here, for the commands
	// that findings recommend. Bootstrap is the same for Kafka's own tools, and
	// Address for Temporal's.
	Settings, Bootstrap, Address string
	// NamespaceName is the name of Temporal's namespace.
	NamespaceName string
	// Each connects to one dependency; whoever gave it closes what it returns. An
	// error is why it cannot be reached.
	Database, Ledger func(context.Context) (Database, error)
	// SharedLedger says that Ledger is in the store's database, and away with it.
	SharedLedger bool
	Kafka        func(context.Context) (Kafka, error)
	Temporal     func(context.Context) (Temporal, error)
	// Providers are services of somebody's own.
	Providers []Provider
	// Limit is DefaultLimit by default, 10 min at most.
	Limit time.Duration
}

// Validate names the field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	if o.Limit < 0 || o.Limit > maxLimit {
		return fmt.Errorf("doctor: Limit is %s, must be 0 to %s", o.Limit, maxLimit)
	}
	return nil
}

// Doctor examines one environment.
type Doctor struct{ o Options }

// New errors when the options cannot be used.
func New(o Options) (*Doctor, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	return &Doctor{o}, nil
}

// Examine asks everything, and returns when all has been answered or has taken
// too long. Findings are in the same order every time.
func (d *Doctor) Examine(ctx context.Context) Report {
	var found together
	parts := make([][]Finding, 5)
	var all sync.WaitGroup
	all.Go(func() {
		found.database, parts[0] = visit(ctx, d, "database", d.o.Database, d.askDatabase)
		if found.database != nil || !d.o.SharedLedger {
			_, parts[1] = visit(ctx, d, "ledger", d.o.Ledger, d.askLedger)
		}
	})
	all.Go(func() { found.kafka, parts[2] = visit(ctx, d, "kafka", d.o.Kafka, d.askKafka) })
	all.Go(func() { found.temporal, parts[3] = visit(ctx, d, "temporal", d.o.Temporal, d.askTemporal) })
	all.Go(func() { parts[4] = d.askAll(ctx, d.askProviders()) })
	all.Wait()
	parts = append(parts, d.askAll(ctx, d.askTogether(found)))
	var report Report
	for _, part := range parts {
		report.Findings = append(report.Findings, part...)
	}
	return report
}

// visit connects to a dependency and asks all about it. reached is nil when it
// is away, which then is the only finding.
func visit[T any](ctx context.Context, d *Doctor, of string, connect func(context.Context) (T, error), questions func(T) []question) (reached *T, findings []Finding) {
	if connect == nil {
		return nil, nil
	}
	c := check{of, "reachable"}
	connecting, cancel := context.WithTimeout(ctx, d.o.Limit)
	defer cancel()
	connected, err := connect(connecting)
	if err != nil {
		return nil, []Finding{c.fail(err.Error(), "Nothing else about it can be examined.",
			"bring it up, or correct its address and credentials; then run skald doctor again")}
	}
	return &connected, append([]Finding{c.ok("it answers")}, d.askAll(ctx, questions(connected))...)
}

// question is one thing to ask; several checks may judge the answer.
type question struct {
	check
	ask func(context.Context) ([]Finding, error)
}

// askAll asks all questions at once and keeps their order. A question without
// an answer is a finding, too.
func (d *Doctor) askAll(ctx context.Context, questions []question) []Finding {
	answers := make([][]Finding, len(questions))
	var all sync.WaitGroup
	for n, q := range questions {
		all.Go(func() {
			asking, cancel := context.WithTimeout(ctx, d.o.Limit)
			defer cancel()
			found, err := q.ask(asking)
			if err != nil {
				found = append(found, q.fail(err.Error(), "This could not be examined, and skald may meet the same."))
			}
			answers[n] = found
		})
	}
	all.Wait()
	var findings []Finding
	for _, answer := range answers {
		findings = append(findings, answer...)
	}
	return findings
}
