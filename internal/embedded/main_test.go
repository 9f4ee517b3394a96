package embedded_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald/internal/embedded"
)

const patience = 20 * time.Second

var attributes = map[string]enumspb.IndexedValueType{
	"SkaldStatus":     enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"SkaldFailedStep": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"SkaldCustomer":   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
}

var (
	status   = temporal.NewSearchAttributeKeyKeyword("SkaldStatus")
	customer = temporal.NewSearchAttributeKeyKeyword("SkaldCustomer")
)

// shared is one engine for every test that takes nothing away from it.
var shared = struct {
	sync.Once
	dir    string
	engine *embedded.Engine
	err    error
}{}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.engine != nil {
		if err := shared.engine.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "close the shared engine:", err)
			code = 1
		}
	}
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

func sharedEngine(t *testing.T) *embedded.Engine {
	t.Helper()
	shared.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "skald-embedded-"); shared.err != nil {
			return
		}
		shared.engine, shared.err = embedded.Start(context.Background(), options(shared.dir))
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.engine
}

func options(dir string) embedded.Options {
	return embedded.Options{
		Dir:              dir,
		SearchAttributes: attributes,
		Logger:           slog.New(slog.NewTextHandler(os.Stderr, nil)),
		LogLevel:         slog.LevelError,
	}
}

func start(t *testing.T, o embedded.Options) *embedded.Engine {
	t.Helper()
	engine, err := embedded.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		select {
		case err := <-engine.Failed():
			t.Errorf("a part failed: %v", err)
		default:
		}
	})
	return engine
}

func dial(t *testing.T, engine *embedded.Engine) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort:          engine.Temporal(),
		Namespace:         engine.Namespace(),
		Logger:            slog.New(slog.DiscardHandler),
		ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// eventually polls because visibility is written behind the workflows.
func eventually(t *testing.T, what string, holds func() (bool, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := holds()
		if ok && err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %v (last error: %v)", what, patience, err)
		case <-tick.C:
		}
	}
}
