package fleet_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/fleet"
)

// one is a compose file with one service, which runs command.
func one(command string) string {
	return fmt.Sprintf(`
x-common: &common
  WORD: ${WORD:-fall}-$$5
services:
  kafka: {image: "apache/kafka:4"}
  it:
    image: skald:dev
    command: [%s]
    environment:
      <<: *common
      SKALD_LISTEN: 0.0.0.0:8080
      SKALD_KAFKA: kafka:19092
    healthcheck: {test: [CMD, /skald, health], timeout: 5s, start_period: 10s, start_interval: 10ms}
    stop_grace_period: 20s
    depends_on: {kafka: {condition: service_healthy}}
`, command)
}

var placed = map[string]string{"kafka:19092": "127.0.0.1:1"}

func TestAProcessGetsTheFilesEnvironmentAndNothingElse(t *testing.T) {
	t.Setenv("SKALD_SURPRISE", "of this process")
	f, err := start(t, fleet.Options{ComposeFile: describe(t, one("serve")), Addresses: placed, Variables: map[string]string{"WORD": "spring"}})
	must(t, err)
	got, err := f.Run(t.Context(), "it", "tell", "argument")
	must(t, err)
	want := "argument\nSKALD_KAFKA=127.0.0.1:1\nSKALD_LISTEN=0.0.0.0:8080\nWORD=spring-$5\n"
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("it sees (-want +got):\n%s", diff)
	}
	must(t, f.Close())
}

func TestAReplicaKeepsItsAddressOverItsLives(t *testing.T) {
	t.Parallel()
	f, err := start(t, fleet.Options{ComposeFile: describe(t, one("serve")), Addresses: placed, Replicas: map[string]int{"it": 2}})
	must(t, err)
	replicas := f.Processes("it")
	if len(replicas) != 2 || replicas[0].URL() == replicas[1].URL() || replicas[0].Name() != "it-1" || replicas[1].Name() != "it-2" {
		t.Fatalf("the replicas are %v", replicas)
	}
	p := replicas[0]
	url, first := p.URL(), p.PID()
	must(t, p.Healthy(t.Context()))
	must(t, p.Restart(t.Context()))
	second := p.PID()
	must(t, p.Kill())
	if p.PID() != 0 || p.Healthy(t.Context()) == nil {
		t.Error("it is still there after Kill")
	}
	must(t, p.Start(t.Context()))
	must(t, p.AwaitHealthy(t.Context()))
	if p.URL() != url || first == second || second == p.PID() || first == 0 {
		t.Errorf("it lived as %d, %d and %d at %s, first at %s: want one address and three lives", first, second, p.PID(), p.URL(), url)
	}
	if text, err := os.ReadFile(p.Log()); err != nil || strings.Count(string(text), "listening") != 3 {
		t.Errorf("its log (%v) has not all of its lives:\n%s", err, text)
	}
	third, err := f.Add(t.Context(), "it")
	must(t, err)
	if third.Name() != "it-3" || len(f.Processes()) != 3 {
		t.Errorf("%s was added, there are %d", third.Name(), len(f.Processes()))
	}
	must(t, f.Close())
	must(t, f.Close())
	if third.PID() != 0 {
		t.Error("a process outlived its fleet")
	}
}

func TestAPausedProcessAnswersWhenItGoesOn(t *testing.T) {
	t.Parallel()
	f, err := start(t, fleet.Options{ComposeFile: describe(t, one("serve")), Addresses: placed})
	must(t, err)
	p := f.Processes()[0]
	must(t, p.Pause())
	asked, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if p.Healthy(asked) == nil {
		t.Error("it answers in its sleep")
	}
	must(t, p.Resume())
	must(t, p.AwaitHealthy(t.Context()))
	must(t, p.Kill())
	wantError(t, p.Pause(), "it-1 does not run")
}

func TestStopSaysHowAProcessEndedThatShouldHaveEndedWell(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ command, want string }{
		{"deaf", "it-1 did not stop within 200ms and was killed: context deadline exceeded"},
		{"grumpy", "it-1 stopped with exit status 3"},
	} {
		t.Run(test.command, func(t *testing.T) {
			t.Parallel()
			file := one(test.command)
			if test.command == "deaf" {
				file = strings.Replace(file, "stop_grace_period: 20s", "stop_grace_period: 200ms", 1)
			}
			f, err := start(t, fleet.Options{ComposeFile: describe(t, file), Addresses: placed})
			must(t, err)
			wantError(t, f.Processes()[0].Stop(t.Context()), test.want)
			if f.Processes()[0].PID() != 0 {
				t.Error("it is still there")
			}
			must(t, f.Close())
		})
	}
}

func TestCloseTellsOfAProcessThatEndedByItself(t *testing.T) {
	t.Parallel()
	f, err := start(t, fleet.Options{ComposeFile: describe(t, one("serve")), Addresses: placed})
	must(t, err)
	p := f.Processes()[0]
	crashed, err := os.FindProcess(p.PID())
	must(t, err)
	must(t, crashed.Kill())
	eventually(t, 10*time.Second, "it has ended", func() error {
		if p.PID() != 0 {
			return fmt.Errorf("it is there")
		}
		return nil
	})
	wantError(t, f.Close(), "it-1 had ended by itself (signal: killed)")
}

func TestAFleetThatCannotStartSaysWhichProcessAndWhatItSaid(t *testing.T) {
	t.Parallel()
	_, err := start(t, fleet.Options{ComposeFile: describe(t, one("broken")), Addresses: placed})
	wantError(t, err, "it-1 ended before it was healthy")
	wantError(t, err, "the disk is on fire")
}

func TestAServiceThatEndsRunsFirstAndAsOftenAsItsRestartPolicyAllows(t *testing.T) {
	t.Parallel()
	for failures, complaint := range map[int]string{2: "", 3: "setup failed 3 times: skald countdown: exit status 1: 0 left"} {
		counter := filepath.Join(t.TempDir(), "counter")
		must(t, os.WriteFile(counter, []byte(strings.Repeat(".", failures)), 0o600))
		file := one("serve") + "  setup: {image: skald, command: [countdown], restart: \"on-failure:2\", environment: {COUNTDOWN: " + counter + "}}\n"
		file = strings.Replace(file, "kafka: {condition: service_healthy}}", "setup: {condition: service_completed_successfully}}", 1)
		_, err := start(t, fleet.Options{ComposeFile: describe(t, file), Addresses: placed})
		if complaint == "" {
			must(t, err)
			continue
		}
		wantError(t, err, complaint)
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want one with %q", err, want)
	}
}
