package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/skald-saga/skald/internal/app"
)

// What a child process is told. The variable makes this test binary run skald
// instead of tests.
const childVariable = "SKALD_TEST_CHILD"

// childOrder is the value of childVariable, as JSON.
type childOrder struct {
	Seams                               string // a key of childSeams
	Dir                                 string
	ListenPort, KafkaPort, TemporalPort int
	Faults                              app.FaultMode
}

// childSeams are the faults that a child can be started with.
var childSeams = map[string]func() app.Seams{
	"slow":  slowProviders,
	"stuck": stuckProviders,
}

func TestMain(m *testing.M) {
	if order := os.Getenv(childVariable); order != "" {
		if err := beChild(order); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// beChild runs skald until its standard input ends, so that no child outlives
// the test that forgot it.
func beChild(text string) error {
	var order childOrder
	if err := json.Unmarshal([]byte(text), &order); err != nil {
		return fmt.Errorf("read %s: %w", childVariable, err)
	}
	dev, err := app.StartDev(context.Background(), order.config())
	if err != nil {
		return fmt.Errorf("start skald: %w", err)
	}
	fmt.Println(dev.URL())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return fmt.Errorf("wait for the end: %w", err)
	}
	return dev.Close()
}

func (o childOrder) config() app.DevConfig {
	c := app.DevConfig{
		Dir: o.Dir, ListenPort: o.ListenPort, KafkaPort: o.KafkaPort, TemporalPort: o.TemporalPort, Logger: quiet(),
		Faults: o.Faults,
	}
	if seams := childSeams[o.Seams]; seams != nil {
		c.Seams = seams()
	}
	return c
}

// child is skald in a process of its own, which can be killed.
type child struct {
	url   string
	kafka string
	cmd   *exec.Cmd
	once  sync.Once
}

// startChild returns when the child answers.
func startChild(t *testing.T, order childOrder) *child {
	t.Helper()
	text, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil { // never written: it ends with this process
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start child: %v", err)
	}
	c := &child{cmd: cmd, kafka: address(order.KafkaPort)}
	t.Cleanup(c.kill)
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("the child ended before it answered: %v", lines.Err())
	}
	c.url = lines.Text()
	return c
}

// kill is kill -9, and waits for the end, so that the folder is free.
func (c *child) kill() {
	c.once.Do(func() {
		_ = c.cmd.Process.Kill() // it fails only for a process that has ended
		_ = c.cmd.Wait()         // it reports the signal that was sent
	})
}
