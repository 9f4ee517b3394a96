package remote_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skald-saga/skald/internal/provider/remote"
)

// The examples in docs are what people start from: they run as they are written
// there, in processes of their own, and keep every rule.

func TestTheGoExampleKeepsEveryRule(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "provider")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./"+docs+"/examples/provider-go")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	url := startExample(t, exec.CommandContext(t.Context(), binary, "-listen", "127.0.0.1:0"))
	wantAllHold(t, remote.CheckOptions{Options: remote.Options{URL: url, Secret: secret}, Kind: remote.KindPayment})
}

func TestThePythonExampleKeepsEveryRule(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed, so the Python example cannot be run")
	}
	url := startExample(t, exec.CommandContext(t.Context(), python, docs+"/examples/provider-python/provider.py", "127.0.0.1:0"))
	for _, kind := range []remote.Kind{remote.KindPayment, remote.KindCarrier} {
		wantAllHold(t, remote.CheckOptions{Options: remote.Options{URL: url, Secret: secret}, Kind: kind})
	}
}

// startExample starts a service that says where it listens in its first line,
// and ends it with the test.
func startExample(t *testing.T, command *exec.Cmd) (url string) {
	t.Helper()
	command.Env = append(os.Environ(), "SKALD_PROVIDER_SECRET="+string(secret))
	command.Stderr = t.Output()
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill() // if it has ended by itself, the test has failed already
		_ = command.Wait()         // it was killed: its status says nothing
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the example did not say where it listens: %v", err)
	}
	_, url, found := strings.Cut(strings.TrimSpace(line), "listening on ")
	if !found {
		t.Fatalf("the example began with %q", line)
	}
	return url
}
