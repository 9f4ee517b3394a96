package skald_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const (
	composeFile      = "docker-compose.yml"
	composeModule    = "testdata/compose/go.mod"
	composeReference = "github.com/compose-spec/compose-go/v2/cmd"
)

// compose is what the tests read of the file, as a container engine sees it:
// anchors and variables resolved.
type compose struct {
	Services map[string]*composeService
	Volumes  map[string]any
	Configs  map[string]struct{ Content string }
}

type composeService struct {
	Image       string
	Build       *struct{ Args map[string]string }
	Command     []string
	Environment map[string]string
	Ports       []struct {
		HostIP    string `json:"host_ip"`
		Published string
	}
	DependsOn map[string]struct{ Condition string } `json:"depends_on"`
	Health    *struct{ Test []string }              `json:"healthcheck"`
	Grace     string                                `json:"stop_grace_period"`
	Restart   string
	Deploy    struct{ Replicas *int }

	Privileged  bool
	NetworkMode string                    `json:"network_mode"`
	PID         string                    `json:"pid"`
	CapAdd      []string                  `json:"cap_add"`
	Volumes     []struct{ Source string } // a folder of this machine is none of compose.Volumes
	Configs     []struct{ Source string }
}

// waits reports whether the service, or one that it waits for, waits for target.
func (c compose) waits(service, target string) bool {
	for other := range c.Services[service].DependsOn {
		if other == target || c.waits(other, target) {
			return true
		}
	}
	return false
}

// readCompose is docker-compose.yml, everything in it resolved.
func readCompose(t *testing.T) compose {
	t.Helper()
	text, complaint := resolve(t, composeProgram(t), composeFile)
	if complaint != "" {
		t.Fatal(complaint)
	}
	var file compose
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Services) == 0 {
		t.Fatalf("%s has no services", composeFile)
	}
	return file
}

// composeProgram builds the reference implementation. The first time needs a
// network, like any build; where there is none, only CI insists.
func composeProgram(t *testing.T) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "go", "tool", "-modfile="+composeModule, "-n", composeReference).Output()
	if err == nil {
		return strings.TrimSpace(string(output))
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("build %s: %v", composeReference, err)
	}
	t.Skipf("the reference implementation of the Compose Specification (%s) cannot be built, perhaps for lack of a network: %v", composeModule, err)
	return ""
}

// resolve is the file as JSON, or what the reference implementation has against
// it. Variables of this machine have no say.
func resolve(t *testing.T, reference, file string) (text []byte, complaint string) {
	t.Helper()
	program := exec.CommandContext(t.Context(), reference, "-format", "json", file)
	program.Env = []string{}
	var out, errs bytes.Buffer
	program.Stdout, program.Stderr = &out, &errs
	if err := program.Run(); err != nil {
		return nil, fmt.Sprintf("%s: %v: %s", file, err, errs.String())
	}
	return out.Bytes(), ""
}
