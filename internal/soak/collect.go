package soak

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

const (
	pollEvery   = 100 * time.Millisecond
	pageSize    = 200
	consumeTime = time.Minute // bounds reading all topics once
)

// collector reads what an installation shows.
type collector struct {
	api   *client.Client
	kafka []string
}

// orders are all orders with their timelines.
func (c *collector) orders(ctx context.Context) ([]OrderRecord, error) {
	var found []OrderRecord
	filter := client.OrderFilter{Limit: pageSize}
	for {
		page, err := c.api.Orders(ctx, filter)
		if err != nil {
			return nil, fmt.Errorf("list orders: %w", err)
		}
		for _, listed := range page.Orders {
			record, err := c.order(ctx, listed.ID)
			if err != nil {
				return nil, err
			}
			found = append(found, record)
		}
		if filter.Cursor = page.NextCursor; filter.Cursor == "" {
			return found, nil
		}
	}
}

func (c *collector) order(ctx context.Context, id string) (OrderRecord, error) {
	order, err := c.api.Order(ctx, id)
	if err != nil {
		return OrderRecord{}, fmt.Errorf("read order %s: %w", id, err)
	}
	timeline, err := c.api.Events(ctx, id)
	if err != nil {
		return OrderRecord{}, fmt.Errorf("read the timeline of %s: %w", id, err)
	}
	return OrderRecord{Order: order, Timeline: timeline}, nil
}

func (c *collector) stock(ctx context.Context) (levels []client.StockLevel, err error) {
	for cursor := ""; ; {
		page, err := c.api.Stock(ctx, pageSize, cursor)
		if err != nil {
			return nil, fmt.Errorf("list stock: %w", err)
		}
		levels = append(levels, page.Stock...)
		if cursor = page.NextCursor; cursor == "" {
			return levels, nil
		}
	}
}

// records reads every topic from its beginning to where it ends now.
func (c *collector) records(ctx context.Context) ([]Record, error) {
	ctx, cancel := context.WithTimeout(ctx, consumeTime)
	defer cancel()
	consumer, err := kgo.NewClient(kgo.SeedBrokers(c.kafka...), kgo.ConsumeTopics(skald.Topics()...), kgo.ClientID("skald-soak"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	ends, err := kadm.NewClient(consumer).ListEndOffsets(ctx, skald.Topics()...)
	if err = errors.Join(err, ends.Error()); err != nil {
		return nil, fmt.Errorf("ask where the topics end: %w", err)
	}
	left := int64(0)
	ends.Each(func(end kadm.ListedOffset) { left += end.Offset })
	var found []Record
	for left > 0 {
		fetches := consumer.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read the topics: %d records are left: %w", left, err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			if end, _ := ends.Lookup(record.Topic, record.Partition); record.Offset < end.Offset {
				found = append(found, recordOf(record))
				left--
			}
		})
	}
	return found, nil
}

func recordOf(r *kgo.Record) Record {
	headers := map[string]string{}
	for _, header := range r.Headers {
		headers[header.Key] = string(header.Value)
	}
	return Record{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Time: r.Timestamp.UTC(),
		Key: string(r.Key), Headers: headers, Value: string(r.Value),
	}
}
