// Command orders-go places an order by Kafka and prints what happens to it, in
// order and without duplicates, until its final event: plain franz-go, nothing
// of skald.
//
//	go run ./docs/examples/orders-go -brokers 127.0.0.1:9092 -sku LAMP
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	brokers = flag.String("brokers", "127.0.0.1:9092", "Kafka, separated by commas")
	id      = flag.String("order", "go-"+strconv.FormatInt(time.Now().UnixNano(), 36), "ID of the order; the same order again changes nothing")
	sku     = flag.String("sku", "LAMP", "what to order")
	token   = flag.String("token", "tok_visa", "payment token; tok_declined shows an order that is undone")
	timeout = flag.Duration("timeout", time.Minute, "give up after this long")
)

func main() {
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	if err := run(ctx); err != nil {
		log.SetFlags(0)
		log.Print(err)
		cancel()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(*brokers, ",")...))
	if err != nil {
		return err
	}
	defer client.Close()
	// Where the topics end now: the events of an order that is placed later come after it.
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, "skald.events.v1", "skald.compensations.v1")
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("where the topics end: %w", err)
	}
	client.AddConsumePartitions(ends.KOffsets())
	if err := place(ctx, client); err != nil {
		return fmt.Errorf("place order %s: %w", *id, err)
	}
	return follow(ctx, client)
}

// place sends the order as a CloudEvent in binary mode. Its ID is the key, so
// that a later cancel of it comes after it.
func place(ctx context.Context, client *kgo.Client) error {
	order := fmt.Sprintf(`{"id":%q,"customer_id":"customer-7","currency":"EUR",
		"items":[{"sku":%q,"quantity":1,"unit_price":"12.50"}],"payment":{"token":%q},
		"ship_to":{"name":"Ada Example","line1":"1 Example Street","city":"Exampleton","country":"DE"}}`, *id, *sku, *token)
	record := &kgo.Record{Topic: "skald.orders.v1", Key: []byte(*id), Value: []byte(order)}
	for _, header := range [][2]string{
		{"ce_specversion", "1.0"},
		{"ce_id", "placed-" + *id},
		{"ce_source", "/examples/orders-go"},
		{"ce_type", "io.skald.order.placed.v1"},
		{"ce_subject", *id},
		{"content-type", "application/json"},
	} {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: header[0], Value: []byte(header[1])})
	}
	return client.ProduceSync(ctx, record).FirstErr()
}

// follow merges both topics by sequence: an event waits until all before it are
// here, and what was seen before is dropped.
func follow(ctx context.Context, client *kgo.Client) error {
	waiting, next := map[int64]*kgo.Record{}, int64(1)
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("order %s, before event %d: %w", *id, next, err)
		}
		for record := range fetches.RecordsAll() {
			sequence, _ := strconv.ParseInt(header(record, "ce_sequence"), 10, 64) // stock has none
			if header(record, "ce_subject") == *id && sequence >= next {
				waiting[sequence] = record
			}
		}
		for ; waiting[next] != nil; next++ {
			kind := strings.TrimSuffix(strings.TrimPrefix(header(waiting[next], "ce_type"), "io.skald."), ".v1")
			fmt.Printf("%2d  %-24s %s\n", next, kind, waiting[next].Value)
			delete(waiting, next)
			switch kind {
			case "order.confirmed", "order.rejected", "order.failed", "order.cancelled":
				return nil
			}
		}
	}
}

func header(record *kgo.Record, name string) string {
	for _, header := range record.Headers {
		if header.Key == name {
			return string(header.Value)
		}
	}
	return ""
}
