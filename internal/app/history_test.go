package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	skaldclient "github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/workflows"
)

var updateHistories = flag.Bool("update-histories", false,
	"record the histories of this run into workflows/testdata/history, where the replay test of package workflows reads them")

const historyFolder = "../../workflows/testdata/history"

// path is one way through the saga, by the name of its stored history.
type path struct {
	order func(*skaldclient.NewOrder)
	fault func(f *faults, orderID string)
	meet  func(t *testing.T, w *world, orderID string) // what happens while the saga runs
	ends  skald.Status
}

func paths() map[string]path {
	agreed := func(*skaldclient.NewOrder) {}
	paths := map[string]path{
		"confirmed":                 {order: agreed, ends: skald.StatusConfirmed},
		"refused_reserve_stock":     {order: withQuantity(1000), ends: skald.StatusRejected},
		"refused_charge_payment":    {order: withToken("tok_declined"), ends: skald.StatusRejected},
		"refused_schedule_shipping": {order: withCountry("AQ"), ends: skald.StatusRejected},
		"cancelled": {
			order: agreed, ends: skald.StatusCancelled,
			meet: func(t *testing.T, w *world, id string) {
				c := w.temporal(t)
				eventually(t, time.Minute, "the payment is tried on the slow path", func(ctx context.Context) bool {
					return pendingActivity(ctx, c, id) == string(skald.StepChargePayment)
				})
				w.cancel(t, id, "", true)
			},
			fault: func(f *faults, id string) { f.breakDown(spot{id, string(skald.StepChargePayment), before}) },
		},
		"undo_refused": {
			order: notRefundable, ends: skald.StatusRejected,
			meet: func(t *testing.T, w *world, id string) {
				w.awaitRefusals(t, id, 1)
				w.mustResolve(t, decisionOf(id, "decision-retry", skald.ActionRetry))
				w.awaitRefusals(t, id, 2)
				w.mustResolve(t, decisionOf(id, "decision-outside", skald.ActionDoneOutside))
			},
		},
		"confirm_order_outage": {
			order: agreed, ends: skald.StatusConfirmed,
			fault: func(f *faults, id string) { f.first(fastAttempts+2, spot{id, string(skald.StepConfirmOrder), before}) },
		},
	}
	for _, step := range []skald.Step{skald.StepReserveStock, skald.StepChargePayment, skald.StepScheduleShipping} {
		paths["exhausted_"+string(step)] = path{
			order: agreed, ends: skald.StatusFailed,
			fault: func(f *faults, id string) { f.breakDown(spot{id, string(step), before}) },
		}
	}
	return paths
}

// Every path, on the real server: how its workflow closes, and that its history
// replays. With -update-histories the histories are recorded for releases to
// come.
func TestTheHistoryOfEveryPathReplays(t *testing.T) {
	t.Parallel()
	faults := newFaults()
	w := start(t, app.DevConfig{Seams: faults.seams(), Patience: 2 * time.Second})
	for name, path := range paths() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := strings.ReplaceAll(name, "_", "-")
			order := w.orderOfItsOwn(t, id, path.order)
			if path.fault != nil {
				path.fault(faults, id)
			}
			w.place(t, order)
			if path.meet != nil {
				path.meet(t, w, id)
			}
			w.await(t, id, path.ends)
			wantClosed(t, w.temporal(t), id, path.ends)
			history := scrubbed(historyOf(t, w.temporal(t), id))
			text := historyJSON(t, history)
			wantNothingOfThisMachine(t, text)
			replay(t, text)
			if *updateHistories {
				record(t, name, text)
			}
		})
	}
}

// wantClosed: red in the Temporal UI means that a step was exhausted.
func wantClosed(t *testing.T, c client.Client, id string, status skald.Status) {
	t.Helper()
	want := enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	if status == skald.StatusFailed {
		want = enumspb.WORKFLOW_EXECUTION_STATUS_FAILED
	}
	result, closed := closeOf(t, c, id)
	if diff := cmp.Diff(want.String()+" "+string(status), closed+" "+string(result.Status)); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
}

// pendingActivity is the regular activity that the saga waits for and that has
// failed before, if there is one.
func pendingActivity(ctx context.Context, c client.Client, id string) string {
	described, err := c.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return ""
	}
	for _, pending := range described.GetPendingActivities() {
		if pending.GetAttempt() > 1 {
			return pending.GetActivityType().GetName()
		}
	}
	return ""
}

func historyOf(t testing.TB, c client.Client, id string) *historypb.History {
	t.Helper()
	events := c.GetWorkflowHistory(t.Context(), id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	history := &historypb.History{}
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		history.Events = append(history.Events, event)
	}
	return history
}

// scrubbed takes out what names this machine and this program: who did what
// ("pid@host"), sticky queues ("host:uuid"), and the binary's checksum. Replay
// reads none of them.
func scrubbed(history *historypb.History) *historypb.History {
	scrub(history.ProtoReflect())
	return history
}

func scrub(message protoreflect.Message) {
	if queue, ok := message.Interface().(*taskqueuepb.TaskQueue); ok && queue.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
		queue.Name = "sticky"
		return
	}
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Name() == "identity":
			message.Set(field, protoreflect.ValueOfString("skald"))
		case field.Name() == "worker_version" || field.Name() == "binary_checksum" || field.Name() == "build_id":
			message.Clear(field)
		case field.IsMap():
			if field.MapValue().Message() != nil {
				value.Map().Range(func(_ protoreflect.MapKey, each protoreflect.Value) bool {
					scrub(each.Message())
					return true
				})
			}
		case field.Message() == nil:
		case field.IsList():
			for n := range value.List().Len() {
				scrub(value.List().Get(n).Message())
			}
		default:
			scrub(value.Message())
		}
		return true
	})
}

// historyJSON is the JSON that `temporal workflow show --output json` prints, in
// one form: protojson varies its spaces on purpose.
func historyJSON(t testing.TB, history *historypb.History) []byte {
	t.Helper()
	text, err := protojson.Marshal(history)
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", " "); err != nil {
		t.Fatal(err)
	}
	indented.WriteByte('\n')
	return indented.Bytes()
}

var payloadData = regexp.MustCompile(`"data": "([^"]+)"`)

// wantNothingOfThisMachine also looks into payloads.
func wantNothingOfThisMachine(t *testing.T, text []byte) {
	t.Helper()
	all := string(text)
	for _, data := range payloadData.FindAllSubmatch(text, -1) {
		decoded, err := base64.StdEncoding.DecodeString(string(data[1]))
		if err != nil {
			t.Fatal(err)
		}
		all += string(decoded)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{host + ":", "@" + host, folder, os.TempDir()} {
		if strings.Contains(all, private) {
			t.Errorf("the history holds %q", private)
		}
	}
}

func replay(t testing.TB, text []byte) {
	t.Helper()
	history, err := client.HistoryFromJSON(bytes.NewReader(text), client.HistoryJSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(workflows.OrderSaga, workflow.RegisterOptions{Name: skald.WorkflowOrderSaga})
	if err := replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))), history); err != nil {
		t.Errorf("replay: %v", err)
	}
}

func record(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(historyFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(historyFolder, name+".json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}
