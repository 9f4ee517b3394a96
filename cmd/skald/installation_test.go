package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/provider"
)

// installation is one running skald for all pages, in the state that they speak
// of: stock, two orders that are stuck, dead letters 0-0 to 3-0, and a payment
// provider of somebody's own.
type installation struct {
	dir     string
	dev     *app.Dev
	api     *client.Client
	payment string
}

func startInstallation(t *testing.T) *installation {
	t.Helper()
	in := &installation{dir: t.TempDir()}
	dev, err := app.StartDev(t.Context(), app.DevConfig{
		Dir: filepath.Join(in.dir, ".skald"), Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Seams:  app.Seams{Payment: func(p provider.Payment) provider.Payment { return slowPayment{p} }},
		Faults: app.FaultsHeaders, // skald dev's default
	})
	if err != nil {
		t.Fatal(err)
	}
	in.dev = dev
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
	})
	if in.api, err = client.New(client.Options{Server: dev.URL()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.api.Close)
	in.payment = startProvider(t)
	in.prepare(t)
	return in
}

// slowPayment never answers what the sandbox would answer late: a reader cancels
// such an order in time, and so must a test on a busy machine.
type slowPayment struct{ provider.Payment }

// Charge lets the caller's time run out.
func (p slowPayment) Charge(ctx context.Context, request provider.ChargeRequest) (string, error) {
	if request.Token == "tok_timeout" {
		<-ctx.Done()
		return "", ctx.Err()
	}
	return p.Payment.Charge(ctx, request)
}

func (in *installation) prepare(t *testing.T) {
	t.Helper()
	in.awaitReady(t)
	if _, err := in.api.Receive(t.Context(), demoSKU, 1000, "prepared"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"stuck", "stuck-2"} {
		order := demoOrder("tok_refund_refused", "AQ", 1)
		order.ID = id
		if _, err := in.api.Place(t.Context(), order, ""); err != nil {
			t.Fatal(err)
		}
		await(t, "the incident of "+id, func() error {
			_, err := in.api.Incident(t.Context(), id, string(skald.UndoRefundPayment))
			return err
		})
	}
	in.parkLetters(t, 4)
}

func (in *installation) awaitReady(t *testing.T) {
	t.Helper()
	await(t, "skald is ready", func() error {
		readiness, err := in.api.Ready(t.Context())
		if err == nil && readiness.State != client.StateReady {
			err = fmt.Errorf("it is %s", readiness.State)
		}
		return err
	})
}

// parkLetters has one dead letter on each of the first partitions.
func (in *installation) parkLetters(t *testing.T, partitions int32) {
	t.Helper()
	producer, err := kgo.NewClient(kgo.SeedBrokers(in.dev.Addresses().Kafka...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	for partition := range partitions {
		key := fmt.Appendf(nil, "web-%d", partition)
		record := &kgo.Record{Topic: skald.TopicOrders, Partition: partition, Key: key, Value: []byte("no order")}
		if err := producer.ProduceSync(t.Context(), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
		await(t, fmt.Sprintf("dead letter %d-0", partition), func() error {
			_, err := in.api.DeadLetter(t.Context(), fmt.Sprintf("%d-0", partition))
			return err
		})
	}
}

// shell is a folder for one page. The settings are those that a reader would
// have in the environment; new ones get free ports.
func (in *installation) shell(t *testing.T) *shell {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(in.dir, ".skald"), filepath.Join(dir, ".skald")); err != nil {
		t.Fatal(err)
	}
	// With this curl fails when the API refuses.
	if err := os.WriteFile(filepath.Join(dir, ".curlrc"), []byte("fail-with-body\nmax-time = 60\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := in.dev.Addresses()
	env := append(os.Environ(), "HOME="+dir, "CURL_HOME="+dir,
		"SKALD_SERVER="+at.API, "SKALD_KAFKA="+at.Kafka[0], "SKALD_TEMPORAL="+at.Temporal,
		secretVariable+"="+pagesSecret,
		"SKALD_PORT=0", "SKALD_KAFKA_PORT=0", "SKALD_TEMPORAL_PORT=0", "SKALD_TEMPORAL_UI_PORT=0", "SKALD_LISTEN=127.0.0.1:0")
	return &shell{dir: dir, env: env, addresses: strings.NewReplacer(
		"http://127.0.0.1:8080", at.API, "http://127.0.0.1:8233", at.TemporalUI,
		"127.0.0.1:9092", at.Kafka[0], "127.0.0.1:7233", at.Temporal, "http://127.0.0.1:9000", in.payment,
		"sqlite:/var/lib/skald", "sqlite:"+dir,
	)}
}

// pagesSecret signs what is asked of the provider.
const pagesSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="

// startProvider runs the example that docs/providers.md begins with.
func startProvider(t *testing.T) (url string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "provider")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, root+"/docs/examples/provider-go")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, binary, "-listen", "127.0.0.1:0")
	command.Env = append(os.Environ(), secretVariable+"="+pagesSecret)
	printed, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = command.Wait() // it was killed: its status says nothing
	})
	line, err := bufio.NewReader(printed).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, url, found := strings.Cut(strings.TrimSpace(line), "listening on ")
	if !found {
		t.Fatalf("the example began with %q", line)
	}
	return url
}

// await asks until it works.
func await(t *testing.T, what string, ask func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := poll(ctx, ask); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
