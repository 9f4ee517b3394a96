package skald_test

import (
	"debug/buildinfo"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// engineModules are what only the embedded engine needs.
var engineModules = []string{temporalServer, temporalUI, kfakeModule}

func TestAProgramBuiltWithNoembedLinksNoEngine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tags string
		want []string // of the engine's modules
	}{
		{"", engineModules},
		{"noembed", nil},
	} {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", test.tags, "./cmd/skald")
		list.Stderr = os.Stderr
		output, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		var linked []string
		for _, engine := range engineModules {
			if strings.Contains(string(output), "\n"+engine+"/") || strings.Contains(string(output), "\n"+engine+"\n") {
				linked = append(linked, engine)
			}
		}
		if diff := cmp.Diff(test.want, linked); diff != "" {
			t.Errorf("modules of the engine with -tags %q (-want +got):\n%s", test.tags, diff)
		}
	}
}

func TestTheImageIsBuiltWithTheGoOfGoMod(t *testing.T) {
	t.Parallel()
	image := "FROM golang:" + readVersions(t, "go.mod")["go"] + " AS build\n"
	if !strings.Contains(readDockerfile(t), image) {
		t.Errorf("the Dockerfile lacks %q", image)
	}
}

func TestTheImageRunsAsNobody(t *testing.T) {
	t.Parallel()
	users := regexp.MustCompile(`(?m)^USER (.*)$`).FindAllStringSubmatch(readDockerfile(t), -1)
	if len(users) != 1 || users[0][1] != "65532:65532" {
		t.Errorf("USER instructions are %q, want 65532:65532 once", users)
	}
}

// The Dockerfile's own command builds the program, with the tags that
// docker-compose.yml asks for.
func TestTheImageHoldsAStaticProgramWithoutTheEngine(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("containers run programs for Linux; the command in the Dockerfile builds for " + runtime.GOOS + " here")
	}
	if os.Getenv("CI") == "" {
		t.Skip("it compiles skald once more, as for release, which takes minutes the first time: set CI=1 to run it")
	}
	program := filepath.Join(t.TempDir(), "skald")
	build := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(buildCommand(t), "/out/skald", program))
	build.Env = append(os.Environ(), "TAGS=noembed")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	checkStatic(t, program)
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, dependency := range info.Deps {
		for _, engine := range engineModules {
			if dependency.Path == engine {
				t.Errorf("the program holds %s", engine)
			}
		}
	}
	output, err := exec.CommandContext(t.Context(), program, "dev", "--ephemeral").CombinedOutput()
	if err == nil || !strings.Contains(string(output), "built without the embedded engine (tag noembed)") {
		t.Errorf("skald dev without an engine: %v\n%s", err, output)
	}
}

func checkStatic(t *testing.T, program string) {
	t.Helper()
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // only read
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP || segment.Type == elf.PT_DYNAMIC {
			t.Errorf("the program has a segment %v: it is not static", segment.Type)
		}
	}
}

// buildCommand is what the Dockerfile runs, without the mounts of its caches.
func buildCommand(t *testing.T) string {
	t.Helper()
	run := regexp.MustCompile(`(?m)^RUN (?:--mount=\S+ )+\\\n\s*(.*)$`).FindAllStringSubmatch(readDockerfile(t), -1)
	if len(run) != 1 || !strings.Contains(run[0][1], "go build") {
		t.Fatalf("the Dockerfile must have one RUN, with go build on a line of its own: found %q", run)
	}
	return run[0][1]
}

func readDockerfile(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
