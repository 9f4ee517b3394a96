package doctor

import (
	"context"
	"time"
)

// Temporal answers about the cluster and the namespace. Frontend is one.
type Temporal interface {
	// Version is the server's.
	Version(context.Context) (string, error)
	Namespace(context.Context) (Namespace, error)
	// Attributes are the namespace's search attributes with their types.
	Attributes(context.Context) (map[string]string, error)
	// TryWrite asks for what has no effect and needs the right to start and
	// drive workflows.
	TryWrite(context.Context) error
	Pollers(context.Context) (Pollers, error)
	// Knows counts which of the sagas the namespace has, running or closed.
	Knows(ctx context.Context, sagas []string) (int, error)
}

// Namespace is one of Temporal's.
type Namespace struct {
	Name      string
	Missing   bool
	State     string // "registered" when it can be used
	Retention time.Duration
	// EagerStart and Update are what the namespace can do; Told that the server
	// says so at all.
	Told, EagerStart, Update bool
	BlobLimit                int64 // the largest payload; 0: the server does not say
}

// Pollers is how many ask for work.
type Pollers struct{ Workflows, Activities int }

// Versions of Temporal's server.
var (
	leastTemporal  = [2]int{1, 25} // updates of workflows are on
	testedTemporal = [2]int{1, 32}
)

func (d *Doctor) askTemporal(temporal Temporal) []question {
	of := func(name string) check { return check{"temporal", name} }
	return []question{
		{of("version"), func(ctx context.Context) ([]Finding, error) {
			version, err := temporal.Version(ctx)
			return one(judgeTemporalVersion(version), err)
		}},
		{of("namespace"), func(ctx context.Context) ([]Finding, error) { return d.askNamespace(ctx, temporal) }},
	}
}

func one(finding Finding, err error) ([]Finding, error) {
	if err != nil {
		return nil, err
	}
	return []Finding{finding}, nil
}

func judgeTemporalVersion(version string) Finding {
	c := check{"temporal", "version"}
	number := numberIn("v" + version)
	switch {
	case before(number, leastTemporal):
		return c.fail("server "+version, "A decision about an incident could not be told to its saga.", "upgrade the server to 1.32")
	case before(number, testedTemporal):
		return c.warn("server "+version, "skald is tested with 1.32.", "upgrade the server when you can")
	}
	return c.ok("server %s", version)
}
