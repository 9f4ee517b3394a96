package skald_test

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// This file holds docker-compose.yml against the Compose Specification, by the
// specification's own reference implementation, and against skald: its settings
// in docs/config.md, and the versions in go.mod. The reference implementation
// has a module of its own, testdata/compose, so that it cannot move what skald
// is built from.

func TestTheComposeFileFollowsTheComposeSpecification(t *testing.T) {
	t.Parallel()
	reference := composeProgram(t)
	if _, complaint := resolve(t, reference, composeFile); complaint != "" {
		t.Error(complaint)
	}
	text, err := os.ReadFile(composeFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ right, wrong, complaint string }{
		{"restart: unless-stopped", "restarts: unless-stopped", "restarts"},
		{"condition: service_healthy", "condition: service_well", "condition"},
		{"cap_drop: [ALL]", "cap_drop: ALL", "cap_drop"},
	} {
		broken := filepath.Join(t.TempDir(), composeFile)
		if err := os.WriteFile(broken, bytes.ReplaceAll(text, []byte(test.right), []byte(test.wrong)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, complaint := resolve(t, reference, broken); !strings.Contains(complaint, test.complaint) {
			t.Errorf("%s for %s: complaint is %q, want one about %q", test.wrong, test.right, complaint, test.complaint)
		}
	}
}

func TestTheComposeFileRunsEveryRoleInAProcessOfItsOwn(t *testing.T) {
	t.Parallel()
	processes := map[string]int{}
	for _, service := range readCompose(t).Services {
		if service.Build != nil {
			count := 1
			if service.Deploy.Replicas != nil {
				count = *service.Deploy.Replicas
			}
			processes[strings.Join(service.Command, " ")] += count
		}
	}
	want := map[string]int{"serve --roles gateway": 2, "serve --roles worker": 2, "serve --roles relay": 1, "setup": 1}
	if diff := cmp.Diff(want, processes); diff != "" {
		t.Errorf("processes of skald by command (-want +got):\n%s", diff)
	}
}

// The specification's schema sees one name at a time; what a name stands for is
// looked up when the file is used.
func TestWhatTheComposeFileNamesIsInIt(t *testing.T) {
	t.Parallel()
	file := readCompose(t)
	for name, service := range file.Services {
		for other := range service.DependsOn {
			if file.Services[other] == nil {
				t.Errorf("%s waits for %s, which is no service", name, other)
			}
		}
		for _, volume := range service.Volumes {
			if _, ok := file.Volumes[volume.Source]; !ok {
				t.Errorf("%s: there is no volume %s", name, volume.Source)
			}
		}
		for _, config := range service.Configs {
			if file.Configs[config.Source].Content == "" {
				t.Errorf("%s: there is no config %s", name, config.Source)
			}
		}
	}
}

// A flag or variable that skald does not have would stop it at the start, or
// leave a default in force that nobody sees.
func TestTheComposeFileSetsOnlyWhatItsCommandHas(t *testing.T) {
	t.Parallel()
	settings := readSettings(t)
	for name, service := range readCompose(t).Services {
		if service.Build == nil {
			continue
		}
		calls := [][]string{service.Command}
		if service.Health != nil {
			if service.Health.Test[0] != "CMD" || service.Health.Test[1] != "/skald" {
				t.Errorf("%s: health check %q does not run the only program in the image", name, service.Health.Test)
			}
			calls = append(calls, service.Health.Test[2:])
		}
		for _, call := range calls {
			for _, complaint := range settings.complaints(call) {
				t.Errorf("%s: %s", name, complaint)
			}
		}
		for variable, value := range service.Environment {
			if strings.HasPrefix(variable, "SKALD_") && !settings.allow(variable, value, service.Command[0]) {
				t.Errorf("%s: %s=%s is no setting of skald %s", name, variable, value, service.Command[0])
			}
		}
	}
}

func TestEveryAddressInTheComposeFileIsOfAServiceThatIsWaitedFor(t *testing.T) {
	t.Parallel()
	file := readCompose(t)
	for name, service := range file.Services {
		if service.Build == nil {
			continue
		}
		database, err := url.Parse(service.Environment["SKALD_DATABASE"])
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{database.Host, service.Environment["SKALD_KAFKA"], service.Environment["SKALD_TEMPORAL"]} {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if !file.waits(name, host) {
				t.Errorf("%s uses %s, but neither it nor what it waits for waits for %s", name, address, host)
			}
		}
		if advertised := file.Services["kafka"].Environment["KAFKA_ADVERTISED_LISTENERS"]; !strings.Contains(advertised, "://"+service.Environment["SKALD_KAFKA"]+",") {
			t.Errorf("%s uses Kafka at %s, which advertises itself as %s", name, service.Environment["SKALD_KAFKA"], advertised)
		}
		script, owner := file.Configs["databases"].Content, database.User.Username()
		if line := fmt.Sprintf("CREATE DATABASE %s OWNER %s;\n", path.Base(database.Path), owner); !strings.Contains(script, line) {
			t.Errorf("%s uses %s, but the script of Postgres lacks %q", name, database, line)
		}
	}
}

func TestAServiceIsWaitedForByASignThatItGives(t *testing.T) {
	t.Parallel()
	file := readCompose(t)
	ends := map[string]bool{}
	for name, service := range file.Services {
		for other, dependency := range service.DependsOn {
			switch target := file.Services[other]; dependency.Condition {
			case "service_healthy":
				if target.Health == nil {
					t.Errorf("%s waits until %s is healthy, which has no health check", name, other)
				}
			case "service_completed_successfully":
				ends[other] = true
				if !strings.HasPrefix(target.Restart, "on-failure:") {
					t.Errorf("%s waits until %s has ended, which restarts %q: want on-failure with a limit", name, other, target.Restart)
				}
			default:
				t.Errorf("%s waits for %s by %q, which says nothing about it being ready", name, other, dependency.Condition)
			}
		}
	}
	for name, service := range file.Services {
		if !ends[name] && (service.Health == nil || service.Restart != "unless-stopped") {
			t.Errorf("%s stays up: it must have a health check, and restart unless-stopped", name)
		}
	}
}

// Nobody signs in anywhere in this file, so only this machine may reach it.
func TestTheComposeFileOpensNothingToOtherMachines(t *testing.T) {
	t.Parallel()
	users := map[string]string{}
	for name, service := range readCompose(t).Services {
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is published on %q, want 127.0.0.1", name, port.Published, port.HostIP)
			}
			if other := users[port.Published]; other != "" {
				t.Errorf("port %s is published by both %s and %s", port.Published, name, other)
			}
			users[port.Published] = name
		}
		if service.Privileged || service.NetworkMode != "" || service.PID != "" || len(service.CapAdd) > 0 {
			t.Errorf("%s has more rights than a container has by itself", name)
		}
	}
}

func TestAProcessOfSkaldHasTimeToStop(t *testing.T) {
	t.Parallel()
	least := map[string]time.Duration{ // app.Config.StopLimit, when everything is slow or away
		"gateway": 20 * time.Second, // drain 3 s, running requests 12 s, clients' goodbyes 5 s
		"worker":  55 * time.Second, // requests 12 s, intake 28 s, activities 10 s, goodbyes 5 s
		"relay":   25 * time.Second, // requests 12 s, acknowledgements, their records and the lease 8 s, goodbyes 5 s
	}
	for name, service := range readCompose(t).Services {
		if service.Build == nil || service.Command[0] != "serve" {
			continue
		}
		role := service.Command[len(service.Command)-1]
		grace, err := time.ParseDuration(service.Grace)
		if err != nil || least[role] == 0 || grace < least[role] {
			t.Errorf("%s (%s) is killed after %q, want at least %s", name, role, service.Grace, least[role])
		}
	}
}

var released = regexp.MustCompile(`^[a-z0-9./-]+:v?\d+(\.\d+)*$`)

func TestEveryImageIsOfAReleaseThatFitsSkalds(t *testing.T) {
	t.Parallel()
	versions := readVersions(t, "go.mod")
	number := func(module string) string { return strings.TrimPrefix(versions[module], "v") }
	want := map[string]string{ // as embedded
		"temporalio/server":      number("go.temporal.io/server"),
		"temporalio/admin-tools": number("go.temporal.io/server"),
		"temporalio/ui":          number("github.com/temporalio/ui-server/v2"),
	}
	seen := map[string]bool{}
	for name, service := range readCompose(t).Services {
		image, version, _ := strings.Cut(service.Image, ":")
		seen[image] = true
		if service.Build == nil && !released.MatchString(service.Image) {
			t.Errorf("%s: image %s is not of a numbered release", name, service.Image)
		}
		if want[image] != "" && version != want[image] {
			t.Errorf("%s: image %s, want version %s as in go.mod", name, service.Image, want[image])
		}
	}
	for image := range want {
		if !seen[image] {
			t.Errorf("no service runs %s", image)
		}
	}
}
