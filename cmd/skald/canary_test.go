package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// canary is in every secret of this page's tests, and must be in nothing that
// skald says.
const canary = "canary-6a3d"

// mistake is a start that cannot succeed, with secrets in its settings.
type mistake struct {
	name     string
	commands []string          // that meet it; default serve, setup and audit
	env      map[string]string // on top of an installation where nobody is at home
	args     []string
	says     string // part of the error
	code     int    // default exitFailure
}

func TestNoStartErrorShowsASecret(t *testing.T) {
	t.Parallel()
	world := newMistakes(t)
	for _, m := range world.all(t) {
		commands := m.commands
		if commands == nil {
			commands = []string{"serve", "setup", "audit"}
		}
		for _, command := range commands {
			t.Run(m.name+"/"+command, func(t *testing.T) {
				t.Parallel()
				said, code := world.run(t, m, command)
				if !strings.Contains(said, m.says) {
					t.Errorf("it does not say %q:\n%s", m.says, said)
				}
				if want := max(m.code, exitFailure); code != want {
					t.Errorf("exit code %d, want %d:\n%s", code, want, said)
				}
				for _, form := range forms(canary) {
					if strings.Contains(said, form) {
						t.Errorf("it shows the secret, as %s:\n%s", form, said)
					}
				}
			})
		}
	}
}

// forms are what a secret could look like in a log: as it is, or encoded, at
// any place in what was encoded.
func forms(secret string) []string {
	all := []string{secret, hex.EncodeToString([]byte(secret))}
	for shift := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
		all = append(all, encoded[4:len(encoded)-2])
	}
	return all
}

// mistakes is where the starts go wrong.
type mistakes struct {
	dir                      string
	nobody, kafka, bearer    string // addresses
	issuer, plain, fine, two string
}

func newMistakes(t *testing.T) *mistakes {
	t.Helper()
	m := &mistakes{dir: t.TempDir(), nobody: away(t), kafka: refusingKafka(t, "SCRAM-SHA-512"), bearer: refusingKafka(t, "OAUTHBEARER")}
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, secret, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":"%s%s is no secret of ours"}`, secret, r.FormValue("client_secret"))
	}))
	t.Cleanup(endpoint.Close)
	m.issuer, m.plain = endpoint.URL, strings.TrimPrefix(endpoint.URL, "http://")
	m.fine, m.two = filepath.Join(m.dir, "fine"), filepath.Join(m.dir, "two")
	for file, content := range map[string]string{m.fine: canary + "\n", m.two: canary + "\n" + canary + "\n"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *mistakes) all(t *testing.T) []mistake {
	t.Helper()
	postgres := "postgres://skald:" + canary + "@" + m.nobody + "/skald?sslpassword=" + canary
	bare := "postgres://skald@" + m.nobody + "/skald"
	scram := map[string]string{"SKALD_KAFKA": m.kafka, "SKALD_KAFKA_SASL": "scram-sha-512", "SKALD_KAFKA_USER": "skald"}
	bearer := map[string]string{"SKALD_KAFKA": m.bearer, "SKALD_KAFKA_SASL": "oauthbearer"}
	byKafka := []string{"serve", "setup", "events tail"}
	return []mistake{
		{name: "database away, password in its URL", env: map[string]string{"SKALD_DATABASE": postgres}, says: "open database postgres://skald:xxxxx@"},
		{name: "ledger away, password in its URL", env: map[string]string{"SKALD_LEDGER": postgres}, says: "open database postgres://skald:xxxxx@"},
		{name: "database away, password by variable", env: map[string]string{"SKALD_DATABASE": bare, "SKALD_DATABASE_PASSWORD": canary}, says: "open database"},
		{name: "database away, password by file", env: map[string]string{"SKALD_DATABASE": bare, "SKALD_DATABASE_PASSWORD_FILE": m.fine}, says: "open database"},
		{name: "ledger away, password by variable", env: map[string]string{"SKALD_LEDGER": bare, "SKALD_LEDGER_PASSWORD": canary}, says: "open database"},
		{name: "URL that is none", env: map[string]string{"SKALD_DATABASE": "postgres://skald:" + canary + "@x:port/skald"}, says: "open database"},
		{name: "password twice", env: map[string]string{"SKALD_DATABASE": postgres, "SKALD_DATABASE_PASSWORD": canary}, says: "leave one out"},
		{name: "variable and file", env: map[string]string{"SKALD_KAFKA_PASSWORD": canary, "SKALD_KAFKA_PASSWORD_FILE": m.fine}, says: "SKALD_KAFKA_PASSWORD and --kafka-password-file are both given"},
		{name: "file of two lines", env: map[string]string{"SKALD_DATABASE_PASSWORD_FILE": m.two}, says: "has several lines"},
		{name: "password in the flag", args: []string{"--database", postgres}, says: "--database holds a password", code: exitUsage},
		{name: "password in the ledger's flag", args: []string{"--ledger=" + postgres}, says: "--ledger holds a password", code: exitUsage},
		{name: "password without SASL", env: map[string]string{"SKALD_KAFKA_PASSWORD": canary}, says: "Security.Mechanism is missing"},
		{name: "wrong Kafka password", commands: byKafka, env: with(scram, "SKALD_KAFKA_PASSWORD", canary), says: "Set --kafka-sasl, --kafka-user and --kafka-password-file"},
		{name: "wrong Kafka password in a file", commands: byKafka, env: with(scram, "SKALD_KAFKA_PASSWORD_FILE", m.fine), says: "SASL_AUTHENTICATION_FAILED"},
		{name: "wrong token", commands: byKafka, env: with(bearer, "SKALD_KAFKA_TOKEN", canary), says: "SASL_AUTHENTICATION_FAILED"},
		{name: "wrong token in a file", commands: byKafka, env: with(bearer, "SKALD_KAFKA_TOKEN_FILE", m.fine), says: "SASL_AUTHENTICATION_FAILED"},
		{name: "wrong client secret", commands: byKafka, env: with(bearer, "SKALD_KAFKA_TOKEN_URL", m.issuer, "SKALD_KAFKA_USER", "skald", "SKALD_KAFKA_PASSWORD", canary), says: "invalid_client [redacted]"},
		{name: "secret in the token URL", commands: byKafka, env: with(bearer, "SKALD_KAFKA_TOKEN_URL", "https://skald:"+canary+"@login.example", "SKALD_KAFKA_USER", "skald", "SKALD_KAFKA_PASSWORD", canary), says: "TokenURL must be a URL"},
		{name: "API key for a Temporal without TLS", commands: []string{"serve", "audit"}, env: map[string]string{"SKALD_TEMPORAL": m.plain, "SKALD_TEMPORAL_API_KEY": canary}, says: "it does not speak TLS"},
		{name: "API key in a file of two lines", env: map[string]string{"SKALD_TEMPORAL_API_KEY_FILE": m.two}, says: "has several lines"},
		{name: "provider secret that is none", commands: []string{"serve", "audit"}, env: map[string]string{"SKALD_PAYMENT_URL": "http://" + m.nobody, secretVariable: canary}, says: "Secret must be"},
		{name: "provider secret in a file that is none", commands: []string{"serve", "audit"}, env: map[string]string{"SKALD_PAYMENT_URL": "http://" + m.nobody, "SKALD_PROVIDER_SECRET_FILE": m.fine}, says: "Secret must be"},
	}
}

func with(env map[string]string, pairs ...string) map[string]string {
	all := maps.Clone(env)
	for n := 0; n+1 < len(pairs); n += 2 {
		all[pairs[n]] = pairs[n+1]
	}
	return all
}

// run is skald as its user starts it, at its most talkative.
func (m *mistakes) run(t *testing.T, mistake mistake, command string) (said string, code int) {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	process := exec.CommandContext(ctx, "skald", append(strings.Fields(command), mistake.args...)...)
	env := with(map[string]string{
		"SKALD_DATABASE": "sqlite:" + filepath.Join(dir, "skald.db"), "SKALD_KAFKA": m.nobody, "SKALD_TEMPORAL": m.nobody,
		"SKALD_LISTEN": "127.0.0.1:0", "SKALD_LOG_LEVEL": "debug", "PATH": os.Getenv("PATH"), "HOME": dir,
	})
	maps.Copy(env, mistake.env)
	for name, value := range env {
		if slices.Contains(mistake.args, "--database") && name == "SKALD_DATABASE" {
			continue
		}
		process.Env = append(process.Env, name+"="+value)
	}
	process.Dir = dir
	output, err := process.CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || ctx.Err() != nil {
		t.Fatalf("it ended with %v:\n%s", err, output)
	}
	return string(output), exit.ExitCode()
}

// refusingKafka offers one mechanism, and answers whoever uses it as a real
// broker does.
func refusingKafka(t *testing.T, mechanism string) string {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cluster.ControlKey(int16(kmsg.SASLHandshake), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		response := request.ResponseKind().(*kmsg.SASLHandshakeResponse) //nolint:forcetypeassert // by its key
		response.SupportedMechanisms = []string{mechanism}
		return response, nil, true
	})
	cluster.ControlKey(int16(kmsg.SASLAuthenticate), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		response := request.ResponseKind().(*kmsg.SASLAuthenticateResponse) //nolint:forcetypeassert // by its key
		response.ErrorCode, response.ErrorMessage = kerr.SaslAuthenticationFailed.Code, new("invalid credentials")
		return response, nil, true
	})
	return cluster.ListenAddrs()[0]
}

func away(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }() // closing is its use
	return listener.Addr().String()
}

// A secret must never be the value of a flag: every user of the machine can read
// command lines.
func TestNoFlagHoldsASecret(t *testing.T) {
	t.Parallel()
	files := 0
	for _, flag := range allFlags(model(t)) {
		secret := slices.ContainsFunc([]string{"password", "secret", "token", "api-key"}, func(word string) bool { return strings.Contains(flag.Name, word) })
		if len(flag.Envs) == 0 { // what one call is about, such as the payment token of an order
			continue
		}
		if !secret || flag.Name == "kafka-token-url" || flag.Name == "kafka-token-scopes" || flag.Name == "kafka-token-ca" {
			continue
		}
		files++
		if !strings.HasSuffix(flag.Name, "-file") || flag.Tag.Type != "path" || !strings.HasSuffix(flag.Envs[0], "_FILE") {
			t.Errorf("--%s may be a secret, and is no file", flag.Name)
		}
	}
	if files < 7 {
		t.Errorf("only %d flags name a secret's file", files)
	}
}
