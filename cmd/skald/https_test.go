package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/stack/authority"
)

// Every command that calls the API takes the same settings as skald health.
func TestCommandsReachAnHTTPSServerOfAnAuthorityTheyAreTold(t *testing.T) {
	t.Parallel()
	ca, stranger := vouch(t), vouch(t)
	own, err := ca.Client("operator")
	if err != nil {
		t.Fatal(err)
	}
	open, mutual := httpsServer(t, ca, ""), httpsServer(t, ca, ca.Certificate())
	for name, test := range map[string]struct {
		args []string
		says string // part of what is printed
		code int
	}{
		"told":          {[]string{"--server", open, "--server-ca", ca.Certificate()}, "ready", exitOK},
		"not told":      {[]string{"--server", open}, "with --server-ca or SKALD_SERVER_CA", exitFailure},
		"told wrongly":  {[]string{"--server", open, "--server-ca", stranger.Certificate()}, "certificate signed by unknown authority", exitFailure},
		"no file":       {[]string{"--server", open, "--server-ca", "/does/not/exist"}, "Check --server-ca", exitFailure},
		"half a pair":   {[]string{"--server", open, "--server-cert", own.Certificate}, "one of Certificate and Key is missing", exitFailure},
		"recognized":    {[]string{"--server", mutual, "--server-ca", ca.Certificate(), "--server-cert", own.Certificate, "--server-key", own.Key}, "ready", exitOK},
		"not announced": {[]string{"--server", mutual, "--server-ca", ca.Certificate()}, "name yours with --server-cert and --server-key", exitFailure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said, code := runSkald(t, append([]string{"health"}, test.args...)...)
			if code != test.code || !strings.Contains(said, test.says) {
				t.Errorf("exit code %d, want %d; want %q in\n%s", code, test.code, test.says, said)
			}
		})
	}
}

// httpsServer answers as a skald that is ready.
func httpsServer(t *testing.T, ca *authority.Authority, clients string) (url string) {
	t.Helper()
	issued, err := ca.Server("api")
	if err != nil {
		t.Fatal(err)
	}
	config, err := credential.TLS{Enabled: true, CA: clients, Certificate: issued.Certificate, Key: issued.Key}.Server()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, `{"state":"ready","dependencies":{}}`)
	}))
	server.TLS, server.Config.ErrorLog = config, slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

func vouch(t *testing.T) *authority.Authority {
	t.Helper()
	ca, err := authority.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func runSkald(t *testing.T, args ...string) (said string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	process := exec.CommandContext(ctx, "skald", args...)
	process.Dir = t.TempDir()
	process.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + process.Dir}
	output, err := process.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		return string(output), exit.ExitCode()
	}
	if err != nil {
		t.Fatalf("skald %v: %v\n%s", args, err, output)
	}
	return string(output), exitOK
}
