package doctor

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/skald-saga/skald"
)

// together is what was reached; nil is away, or was not to be examined.
type together struct {
	database *Database
	kafka    *Kafka
	temporal *Temporal
}

// askTogether asks what two dependencies must agree on. What is away is a
// finding already.
func (d *Doctor) askTogether(t together) []question {
	of := func(name string) check { return check{"together", name} }
	var questions []question
	if t.kafka != nil && t.temporal != nil {
		questions = append(questions, question{of("retention"), func(ctx context.Context) ([]Finding, error) {
			return d.askRetention(ctx, *t.kafka, *t.temporal)
		}})
	}
	if t.database != nil && t.kafka != nil {
		questions = append(questions, question{of("database and Kafka"), func(ctx context.Context) ([]Finding, error) {
			return askSameKafka(ctx, *t.database, *t.kafka)
		}})
	}
	if t.database != nil && t.temporal != nil {
		questions = append(questions, question{of("database and Temporal"), func(ctx context.Context) ([]Finding, error) {
			return askSameTemporal(ctx, *t.database, *t.temporal)
		}})
	}
	return questions
}

func (d *Doctor) askRetention(ctx context.Context, k Kafka, temporal Temporal) ([]Finding, error) {
	c := check{"together", "retention"}
	topics, err := k.Topics(ctx)
	if err != nil {
		return nil, err
	}
	namespace, err := temporal.Namespace(ctx)
	if err != nil {
		return nil, err
	}
	keep := d.judgeKeep(topics, namespace)
	for _, topic := range topics {
		if kept, known := topic.kept(); topic.Name == skald.TopicOrders && known && !namespace.Missing {
			return []Finding{d.judgeRetentions(kept, namespace.Retention), keep}, nil
		}
	}
	return []Finding{c.skip("there is no namespace, or the retention of %s cannot be read", skald.TopicOrders), keep}, nil
}

// judgeRetentions: as long as Temporal remembers a saga, an order that is read
// again costs one question to it. The order's row makes it harmless after that.
func (d *Doctor) judgeRetentions(topic, namespace time.Duration) Finding {
	c := check{"together", "retention"}
	found := fmt.Sprintf("%s keeps orders for %s, Temporal closed sagas for %s", skald.TopicOrders, or(topic, "ever"), days(namespace))
	if topic == 0 || topic > namespace {
		hours := strconv.Itoa(int(max(topic, 7*24*time.Hour).Hours()))
		return c.warn(found, "Orders that are read again, after positions were reset or lost, should still find their saga: without it the order's row alone says that they are done, and there is no story to look at.",
			d.tool("namespace update", "--retention "+hours+"h"))
	}
	return c.ok("%s", found)
}

// askSameKafka: every event that counts as published was written to an event
// topic, and offsets only grow. The events come first, so that what is published
// meanwhile cannot look missing.
func askSameKafka(ctx context.Context, db Database, k Kafka) ([]Finding, error) {
	c := check{"together", "database and Kafka"}
	if schema, err := db.Schema(ctx); err != nil || schema.Found == 0 {
		return []Finding{c.skip("there are no tables yet")}, err
	}
	published, err := db.Published(ctx)
	if err != nil {
		return nil, err
	}
	if published == 0 {
		return []Finding{c.ok("nothing was published yet")}, nil
	}
	written, err := k.Written(ctx)
	if err != nil {
		return nil, err
	}
	return []Finding{judgeSameKafka(c, published, written)}, nil
}

func judgeSameKafka(c check, published, written int64) Finding {
	found := fmt.Sprintf("the database counts %d events as published, the event topics have got %d", published, written)
	if written < published {
		return c.fail(found, "This is not the Kafka that this database published to, or its topics were made anew: consumers miss events.",
			"give the addresses that belong together; when the topics are new, skald audit --repair publishes again what is missing")
	}
	return c.ok("%s", found)
}

// askSameTemporal: an order that went beyond accepted has had a saga, and
// namespaces keep sagas for a day at least.
func askSameTemporal(ctx context.Context, db Database, temporal Temporal) ([]Finding, error) {
	c := check{"together", "database and Temporal"}
	if schema, err := db.Schema(ctx); err != nil || schema.Found == 0 {
		return []Finding{c.skip("there are no tables yet")}, err
	}
	namespace, err := temporal.Namespace(ctx)
	if err != nil {
		return nil, err
	}
	if namespace.Missing || namespace.Retention < leastNamespace {
		return []Finding{c.skip("the namespace does not remember the sagas of a day")}, nil
	}
	orders, err := db.Driven(ctx)
	if err != nil {
		return nil, err
	}
	known, err := temporal.Knows(ctx, orders)
	if err != nil {
		return nil, err
	}
	return []Finding{judgeSameTemporal(c, len(orders), known)}, nil
}

func judgeSameTemporal(c check, orders, known int) Finding {
	switch {
	case orders == 0:
		return c.ok("no order of the last day to ask for")
	case known == 0:
		return c.fail(fmt.Sprintf("of the last %d orders with a saga none is in the namespace", orders),
			"This is not the Temporal, or not the namespace, that drives the orders of this database, or it has lost them: open orders stand still.",
			"give the addresses that belong together; when Temporal was restored or made anew, skald audit --repair starts the open sagas again")
	}
	return c.ok("it has %d sagas of the last %d orders", known, orders)
}
