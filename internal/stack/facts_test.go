package stack_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/stack"
)

// facts are what the servers remember of the orders: each must still hold after
// any end of its server.
type facts struct {
	orders  map[string]string // status by order, from Postgres
	sagas   map[string]string // status by saga, from Temporal
	records map[string]int64  // how many by partition, from Kafka
}

func look(t *testing.T, s *stack.Stack, running *skaldProcess) facts {
	t.Helper()
	return facts{orders: running.statuses(t), sagas: sagas(t, s, running.placed), records: records(t, s)}
}

func (f facts) mustHold(t *testing.T, before facts) {
	t.Helper()
	for id, status := range before.orders {
		if f.orders[id] != status {
			t.Errorf("%s is %q, was %q", id, f.orders[id], status)
		}
	}
	for id, status := range before.sagas {
		if f.sagas[id] != status {
			t.Errorf("the saga of %s is %q, was %q", id, f.sagas[id], status)
		}
	}
	for partition, count := range before.records {
		if f.records[partition] < count {
			t.Errorf("%s has %d records, had %d", partition, f.records[partition], count)
		}
	}
}

// sagas waits until every saga has closed: that comes a moment after the status
// of the order.
func sagas(t *testing.T, s *stack.Stack, count int) map[string]string {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort: s.Temporal.Address(), Namespace: s.Temporal.Namespace(),
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	must(t, err)
	defer c.Close()
	found := map[string]string{}
	for n := range count {
		eventually(t, settleTime, func() error {
			saga, err := c.DescribeWorkflowExecution(t.Context(), orderID(n), "")
			if err != nil {
				return err
			}
			status := saga.GetWorkflowExecutionInfo().GetStatus()
			if status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
				return fmt.Errorf("the saga of %s still runs", orderID(n))
			}
			found[orderID(n)] = status.String()
			return nil
		})
	}
	return found
}

func records(t *testing.T, s *stack.Stack) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	must(t, asKafkaAdmin(s.Kafka.Address(), func(admin *kadm.Client) error {
		starts, err := admin.ListStartOffsets(t.Context(), skald.Topics()...)
		if err != nil {
			return err
		}
		ends, err := admin.ListEndOffsets(t.Context(), skald.Topics()...)
		if err != nil {
			return err
		}
		ends.Each(func(end kadm.ListedOffset) {
			start, _ := starts.Lookup(end.Topic, end.Partition)
			counts[fmt.Sprintf("%s/%d", end.Topic, end.Partition)] = end.Offset - start.Offset
		})
		return nil
	}))
	return counts
}
