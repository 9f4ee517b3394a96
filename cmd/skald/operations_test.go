package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/stack"
)

// The commands of docs/operations.md are run as its reader would, on a real
// Kafka, Temporal and Postgres, beside a skald that runs there already.
func TestTheCommandsOfTheOperationsPageRunOnTheStack(t *testing.T) {
	t.Parallel()
	if os.Getenv("SKALD_STACK") == "" {
		t.Skip("SKALD_STACK is not set; with it, Java, Maven and Postgres must be installed: CONTRIBUTING.md")
	}
	running := startStack(t)
	api := freeAddress(t)
	env := append(os.Environ(), "SKALD_SERVER=http://"+api,
		"SKALD_DATABASE="+running.Postgres.URL(), "SKALD_KAFKA="+running.Kafka.Address(), "SKALD_TEMPORAL="+running.Temporal.Address())
	serveThere(t, api, env)
	reader := &shell{dir: t.TempDir(), env: env, addresses: strings.NewReplacer(
		"127.0.0.1:8080", "127.0.0.1:0", "127.0.0.1:8081", "127.0.0.1:0", "127.0.0.1:8082", "127.0.0.1:0",
	)}
	blocks := shellBlocks(read(t, filepath.Join("docs", "operations.md")))
	if len(blocks) < 8 {
		t.Fatalf("only %d blocks of shell were found", len(blocks))
	}
	for _, block := range blocks {
		reader.run(t, block)
	}
}

func startStack(t *testing.T) *stack.Stack {
	t.Helper()
	tools, err := stack.Install(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := stack.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	running, err := stack.Start(t.Context(), stack.Options{Dir: dir, Tools: tools})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	})
	return running
}

// serveThere runs every role until the test ends.
func serveThere(t *testing.T, api string, env []string) {
	t.Helper()
	command := exec.CommandContext(context.WithoutCancel(t.Context()), "skald", "serve", "--listen", api) // stopped below, before the stack
	command.Env = env
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := command.Wait(); err != nil {
			t.Errorf("skald serve ended with %v", err)
		}
	})
	asking, err := client.New(client.Options{Server: "http://" + api})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(asking.Close)
	in := &installation{api: asking}
	in.awaitReady(t)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }() // the address is what is wanted
	return listener.Addr().String()
}
