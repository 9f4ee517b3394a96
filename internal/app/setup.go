package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/provider/sandbox"
	"github.com/skald-saga/skald/internal/store"
	"github.com/skald-saga/skald/workers"
)

// namespaceRetention is how long a namespace that Setup makes keeps closed
// sagas. Whoever makes it themselves decides; skald does not depend on it.
const namespaceRetention = 7 * 24 * time.Hour

// Setup makes sure of everything that skald needs before it starts: the schema,
// the topics, the Temporal namespace and its search attributes. It changes
// nothing that is there, so it can run before every start and from several
// places at once. tell hears of each step when it is done.
func Setup(ctx context.Context, c Config, tell func(step string)) error {
	if err := c.Validate(); err != nil {
		return err
	}
	c = c.withDefaults()
	for _, step := range []struct {
		name string
		do   func(context.Context, Config) error
	}{
		{"database schema", setupStore},
		{"sandbox ledger schema", setupLedger},
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

func setupStore(ctx context.Context, c Config) error {
	db, err := database.Open(ctx, database.Options{URL: c.Database})
	if err != nil {
		return err
	}
	opened, err := store.Open(ctx, db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(opened.Close(), db.Close())
}

func setupLedger(ctx context.Context, c Config) error {
	db, err := database.Open(ctx, database.Options{URL: c.Ledger})
	if err != nil {
		return err
	}
	_, err = sandbox.Open(ctx, db)
	return errors.Join(err, db.Close())
}

func setupTopics(ctx context.Context, c Config) error {
	admin, err := kafka.NewClient(c.kafkaOptions("skald-setup"))
	if err != nil {
		return err
	}
	defer admin.Close()
	return kafka.EnsureTopics(ctx, admin, c.topicOptions())
}

func setupNamespace(ctx context.Context, c Config) error {
	namespaces, err := client.NewNamespaceClient(client.Options{HostPort: c.Temporal, Logger: sdklog.NewStructuredLogger(ofLibraries(c.Logger))})
	if err != nil {
		return err
	}
	defer namespaces.Close()
	err = namespaces.Register(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: c.Namespace, WorkflowExecutionRetentionPeriod: durationpb.New(namespaceRetention),
	})
	if _, exists := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); exists {
		return nil
	}
	return err
}

// setupAttributes waits for a namespace that has just been made: frontends
// learn of it with a delay.
func setupAttributes(ctx context.Context, c Config) error {
	var dialed client.Client
	ready := await(ctx, c.Logger, "Temporal namespace "+c.Namespace, func(ctx context.Context) (err error) {
		dialed, err = c.dialTemporal(ctx)
		if err != nil {
			return err
		}
		if err := workers.EnsureSearchAttributes(ctx, dialed, c.Namespace); err != nil {
			dialed.Close()
			return err
		}
		return nil
	})
	if !ready {
		return ctx.Err()
	}
	dialed.Close()
	return nil
}
