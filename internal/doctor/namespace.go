package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skald-saga/skald"
)

const (
	leastNamespace = 24 * time.Hour
	// largestPayload is what a saga is started with at most: an order with its
	// items, as large as a request may be.
	largestPayload = 256 << 10
)

// askNamespace asks the rest only of a namespace that is there.
func (d *Doctor) askNamespace(ctx context.Context, temporal Temporal) ([]Finding, error) {
	namespace, err := temporal.Namespace(ctx)
	if err != nil {
		return nil, err
	}
	findings := []Finding{d.judgeNamespace(namespace)}
	if namespace.Missing {
		return findings, nil
	}
	of := func(name string) check { return check{"temporal", name} }
	findings = append(findings, d.judgeNamespaceRetention(namespace), judgeAbilities(namespace), judgePayload(namespace))
	return append(findings, d.askAll(ctx, []question{
		{of("search attributes"), func(ctx context.Context) ([]Finding, error) {
			attributes, err := temporal.Attributes(ctx)
			return one(d.judgeAttributes(attributes), err)
		}},
		{of("rights"), func(ctx context.Context) ([]Finding, error) {
			return []Finding{judgeTemporalRights(temporal.TryWrite(ctx))}, nil
		}},
		{of("workers"), func(ctx context.Context) ([]Finding, error) {
			pollers, err := temporal.Pollers(ctx)
			return one(judgePollers(pollers), err)
		}},
	})...), nil
}

func (d *Doctor) judgeNamespace(n Namespace) Finding {
	c := check{"temporal", "namespace"}
	switch {
	case n.Missing:
		return c.fail(n.Name+" does not exist", "Sagas live in it; workers wait until it is there.",
			d.command("setup"), d.tool("namespace create", "--retention 168h"))
	case n.State != "registered":
		return c.fail(fmt.Sprintf("%s is %s", n.Name, n.State), "No saga can start in it.", "use another namespace: --namespace NAME; skald setup makes it")
	}
	return c.ok("%s", n.Name)
}

func (d *Doctor) judgeNamespaceRetention(n Namespace) Finding {
	c := check{"temporal", "namespace retention"}
	if n.Retention < leastNamespace {
		return c.warn(days(n.Retention), "The story of a saga is gone before somebody can look at it.", d.tool("namespace update", "--retention 168h"))
	}
	return c.ok("closed sagas can be looked at for %s", days(n.Retention))
}

func judgeAbilities(n Namespace) Finding {
	c := check{"temporal", "abilities"}
	switch {
	case !n.Told:
		return c.skip("the server does not say what the namespace can do")
	case !n.Update:
		return c.warn("no updates of workflows", "A saga hears of a decision about an incident only when its own timer looks for one.",
			"set frontend.enableUpdateWorkflowExecution to true in the server's dynamic configuration")
	case !n.EagerStart:
		return c.warn("no eager start of workflows", "Each saga makes a detour through the server before its first step.",
			"set system.enableEagerWorkflowStart to true in the server's dynamic configuration")
	}
	return c.ok("updates and eager start")
}

func judgePayload(n Namespace) Finding {
	c := check{"temporal", "payload limit"}
	switch {
	case n.BlobLimit == 0:
		return c.skip("the server does not say how large a payload may be")
	case n.BlobLimit < largestPayload:
		return c.fail(sizeOf(n.BlobLimit), "A large order could not start its saga, and would be parked as a dead letter.",
			"set limit.blobSize.error to 2097152, which is the default, in the server's dynamic configuration")
	}
	return c.ok("%s; skald needs %s at most", sizeOf(n.BlobLimit), sizeOf(largestPayload))
}

func (d *Doctor) judgeAttributes(attributes map[string]string) Finding {
	c := check{"temporal", "search attributes"}
	var missing, wrong []string
	for _, name := range skald.SearchAttributes() {
		switch kind, there := attributes[name]; {
		case !there:
			missing = append(missing, name)
		case kind != "Keyword":
			wrong = append(wrong, name+" is "+kind)
		}
	}
	switch {
	case len(wrong) > 0:
		return c.fail(strings.Join(wrong, ", "), "It must be Keyword: the server refuses sagas that set it to text.",
			"use another namespace, or remove the attribute (temporal operator search-attribute remove) and run "+d.command("setup"))
	case len(missing) > 0:
		return c.fail("missing: "+strings.Join(missing, ", "), "The server refuses sagas that set them.", d.command("setup"))
	}
	return c.ok("%s", strings.Join(skald.SearchAttributes(), ", "))
}

func judgeTemporalRights(err error) Finding {
	c := check{"temporal", "rights"}
	if err != nil {
		return c.fail(err.Error(), "Workers cannot start and drive sagas.", "give the certificate or API key of skald the role of a writer in the namespace")
	}
	return c.ok("workflows may be started and driven (asked of one that there cannot be)")
}

func judgePollers(p Pollers) Finding {
	c := check{"temporal", "workers"}
	if p.Workflows == 0 && p.Activities == 0 {
		return c.ok("none asks for work; sagas go on when one does")
	}
	return c.ok("%d ask for workflows, %d for activities", p.Workflows, p.Activities)
}

// tool is a command of Temporal's own tool about the namespace.
func (d *Doctor) tool(command, rest string) string {
	address := d.o.Address
	if address == "" {
		address = "HOST:PORT"
	}
	return fmt.Sprintf("temporal operator %s --address %s --namespace %s %s", command, address, d.o.NamespaceName, rest)
}
