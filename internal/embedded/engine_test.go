package embedded_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/internal/embedded"
)

func TestAnEngineListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	engine := sharedEngine(t)
	for _, addr := range append(engine.Kafka(), engine.Temporal(), strings.TrimPrefix(engine.UI(), "http://")) {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		if host != "127.0.0.1" {
			t.Errorf("%s is not a loopback address", addr)
		}
		// Nobody listens on every interface: the same port on another loopback
		// address must be free.
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.2", port))
		if err != nil {
			t.Errorf("port %s is taken beyond 127.0.0.1: %v", port, err)
			continue
		}
		_ = listener.Close()
	}
}

func TestARestartGoesOnWithOpenWorkflowsAndKeptRecords(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.NoUI = true
	first := start(t, o)
	run := startWaiting(t, dial(t, first), "survivor", "restart")
	produce(t, first, "kept", "one")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := start(t, o)
	c := dial(t, second)
	serve(t, c, "restart")
	if err := c.SignalWorkflow(t.Context(), "survivor", run, "go", "after the restart"); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := c.GetWorkflow(t.Context(), "survivor", run).Get(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if want := "after the restart"; got != want {
		t.Errorf("workflow result = %q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{"one"}, consume(t, second, "kept", 1)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestKafkaAndTemporalComeBackAloneOnTheirPorts(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.NoUI = true
	engine := start(t, o)
	kafka, frontend := engine.Kafka()[0], engine.Temporal()
	c := dial(t, engine)
	run := startWaiting(t, c, "patient", "parts")
	produce(t, engine, "parts", "before")

	for name, stop := range map[string]func() error{kafka: engine.StopKafka, frontend: engine.StopTemporal} {
		for range 2 { // the second stop has nothing to do
			if err := stop(); err != nil {
				t.Fatal(err)
			}
		}
		if conn, err := net.Dial("tcp", name); err == nil {
			_ = conn.Close()
			t.Errorf("%s still answers", name)
		}
	}
	for range 2 {
		if err := errors.Join(engine.StartKafka(t.Context()), engine.StartTemporal(t.Context())); err != nil {
			t.Fatal(err)
		}
	}

	if diff := cmp.Diff([]string{kafka, frontend}, []string{engine.Kafka()[0], engine.Temporal()}); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	produce(t, engine, "parts", "after")
	if diff := cmp.Diff([]string{"before", "after"}, consume(t, engine, "parts", 2)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	serve(t, c, "parts")
	eventually(t, "signal through the old client", func() (bool, error) {
		err := c.SignalWorkflow(t.Context(), "patient", run, "go", "done")
		return err == nil, err
	})
	if err := c.GetWorkflow(t.Context(), "patient", run).Get(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestASecondEngineOnAFolderIsRefused(t *testing.T) {
	t.Parallel()
	sharedEngine(t)
	_, err := embedded.Start(t.Context(), options(shared.dir))
	if !errors.Is(err, embedded.ErrLocked) {
		t.Fatalf("error = %v, want ErrLocked", err)
	}
	if !strings.Contains(err.Error(), shared.dir) {
		t.Errorf("error %q does not name the folder", err)
	}
}

func TestABusyPortIsNamed(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	port := busy.Addr().(*net.TCPAddr).Port

	for want, set := range map[string]func(*embedded.Options){
		"Kafka":       func(o *embedded.Options) { o.KafkaPort = port },
		"Temporal":    func(o *embedded.Options) { o.TemporalPort = port },
		"Temporal UI": func(o *embedded.Options) { o.UIPort = port },
	} {
		t.Run(want, func(t *testing.T) {
			o := options(t.TempDir())
			set(&o)
			_, err := embedded.Start(t.Context(), o)
			var busyPort *embedded.PortError
			if !errors.As(err, &busyPort) {
				t.Fatalf("error = %v, want a *PortError", err)
			}
			if busyPort.Name != want || busyPort.Port != port {
				t.Errorf("PortError = %s %d, want %s %d", busyPort.Name, busyPort.Port, want, port)
			}
			if left, _ := filepath.Glob(filepath.Join(o.Dir, "*")); len(left) != 1 {
				t.Errorf("a refused start left more than the lock file: %v", left)
			}
		})
	}
}

func TestACancelledStartLeavesTheFolderFree(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.NoUI = true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := embedded.Start(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v, want context.Canceled", err)
	}
	start(t, o)
}

func TestOptionsAreRefusedWithFieldValueAndBound(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]embedded.Options{
		"embedded: Dir is empty: a data folder is required":              {},
		`embedded: Durability "maybe": want "process" or "power-loss"`:   {Dir: "x", Durability: "maybe"},
		"embedded: Retention 1m0s: at least 1h0m0s":                      {Dir: "x", Retention: time.Minute},
		"embedded: UIPort 70000: want 0 to 65535":                        {Dir: "x", UIPort: 70000},
		"embedded: TemporalPort 9092: already the KafkaPort":             {Dir: "x", KafkaPort: 9092, TemporalPort: 9092},
		`embedded: Durability "PROCESS": want "process" or "power-loss"`: {Dir: "x", Durability: "PROCESS"},
		"embedded: KafkaPort -1: want 0 to 65535":                        {Dir: "x", KafkaPort: -1},
	} {
		_, err := embedded.Start(t.Context(), o)
		if err == nil || err.Error() != want {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a refused start made its folder")
	}
}

func TestAClosedEngineStartsNothing(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.NoUI = true
	o.Durability = embedded.SurvivePowerLoss
	engine := start(t, o)
	for range 2 {
		if err := engine.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := engine.StartKafka(t.Context()); !errors.Is(err, embedded.ErrClosed) {
		t.Errorf("StartKafka = %v, want ErrClosed", err)
	}
	if err := engine.StartTemporal(t.Context()); !errors.Is(err, embedded.ErrClosed) {
		t.Errorf("StartTemporal = %v, want ErrClosed", err)
	}
}

func waiting(ctx workflow.Context) (string, error) {
	var message string
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, &message)
	return message, nil
}

func serve(t *testing.T, c client.Client, queue string) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{WorkerStopTimeout: time.Second})
	w.RegisterWorkflowWithOptions(waiting, workflow.RegisterOptions{Name: "Waiting"})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

func startWaiting(t *testing.T, c client.Client, id, queue string) string {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, "Waiting")
	if err != nil {
		t.Fatal(err)
	}
	return run.GetRunID()
}

func produce(t *testing.T, engine *embedded.Engine, topic, value string) {
	t.Helper()
	c := kafkaClient(t, engine)
	admin := kadm.NewClient(c)
	if _, err := admin.CreateTopics(t.Context(), 1, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
	if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func consume(t *testing.T, engine *embedded.Engine, topic string, count int) []string {
	t.Helper()
	c := kafkaClient(t, engine, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var values []string
	for len(values) < count {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	}
	return values
}

func kafkaClient(t *testing.T, engine *embedded.Engine, more ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(more, kgo.SeedBrokers(engine.Kafka()...), kgo.DisableClientMetrics())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
