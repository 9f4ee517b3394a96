package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/skald-saga/skald/internal/kafka"
)

// namespaceRetention is how long a namespace that Setup makes keeps closed
// sagas. Whoever makes it themselves decides; skald does not depend on it.
const namespaceRetention = 7 * 24 * time.Hour

// Setup makes sure of everything that skald needs before it starts: the schema,
// the topics, the Temporal namespace and its search attributes. But for a schema
// that is older than this program's it changes nothing that is there, so it can
// run before every start and from several places at once. tell hears of each step when it is done.
func Setup(ctx context.Context, c Config, tell func(step string)) error {
	if err := c.Validate(); err != nil {
		return err
	}
	c = c.withDefaults()
	for _, step := range []struct {
		name string
		do   func(context.Context, Config) error
	}{
		{"database schema", func(ctx context.Context, c Config) error { return c.orders().migrate(ctx) }},
		{"sandbox ledger schema", func(ctx context.Context, c Config) error { return c.ledger().migrate(ctx) }},
		{"failure injection schema", func(ctx context.Context, c Config) error { return c.faultBook().migrate(ctx) }},
		{"Kafka topics", setupTopics},
		{"Temporal namespace", setupNamespace},
		{"Temporal search attributes", setupAttributes},
	} {
		if err := step.do(ctx, c); err != nil {
			return fmt.Errorf("set up %s: %w", step.name, err)
		}
		tell(step.name)
	}
	return nil
}

func setupTopics(ctx context.Context, c Config) error {
	admin, err := kafka.NewClient(c.kafkaOptions("skald-setup"))
	if err != nil {
		return err
	}
	defer admin.Close()
	return c.ensureTopics(ctx, admin)
}

func setupNamespace(ctx context.Context, c Config) error {
	namespaces, err := client.NewNamespaceClient(c.temporalOptions().ClientOptions())
	if err != nil {
		return err
	}
	defer namespaces.Close()
	if _, err := namespaces.Describe(ctx, c.Namespace); err == nil {
		return nil // to see it takes fewer rights than to make it
	}
	err = namespaces.Register(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: c.Namespace, WorkflowExecutionRetentionPeriod: durationpb.New(namespaceRetention),
	})
	if _, exists := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); exists {
		return nil
	}
	return c.temporalOptions().Refusal(ctx, err)
}

// setupAttributes waits for a namespace that has just been made: frontends
// learn of it with a delay.
func setupAttributes(ctx context.Context, c Config) error {
	var dialed client.Client
	err := await(ctx, c.Logger, "Temporal namespace "+c.Namespace, func(ctx context.Context) (err error) {
		dialed, err = c.dialTemporal(ctx)
		if err != nil {
			return err
		}
		if err := c.ensureAttributes(ctx, dialed); err != nil {
			dialed.Close()
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	dialed.Close()
	return nil
}
