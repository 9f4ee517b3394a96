package skald_test

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Versions that only fit together. Each group was linked and tested as a
// whole, so it moves as a whole: change go.mod and this table in one commit,
// after everything that the reason names was run again. Never `go get -u`.
var pinned = []struct {
	why      string
	versions map[string]string // a version that ends in "+" is the least one
}{
	{
		why: "the Temporal server, SDK, API and UI agree in one combination: the server implements interfaces that the API generates, " +
			"and stops compiling when one of them moves alone",
		versions: map[string]string{
			"go":                                       "1.26.8",
			"go.temporal.io/server":                    "v1.32.1",
			"go.temporal.io/sdk":                       "v1.50.0",
			"go.temporal.io/api":                       "v1.63.5",
			"github.com/temporalio/ui-server/v2":       "v2.55.0",
			"google.golang.org/grpc":                   "v1.83.2",
			"go.temporal.io/sdk/contrib/opentelemetry": "v0.8.1",
		},
	},
	{
		why: "modernc.org/sqlite works with exactly the modernc.org/libc it names, and newer goose raises one without the other",
		versions: map[string]string{
			"modernc.org/sqlite":          "v1.51.0",
			"modernc.org/libc":            "v1.72.3",
			"github.com/pressly/goose/v3": "v3.26.0",
			"github.com/jackc/pgx/v5":     "v5.12.0",
		},
	},
	{
		why: "kfake follows franz-go's unreleased wire code, and its plugins follow both",
		versions: map[string]string{
			"github.com/twmb/franz-go":              "v1.22.2",
			"github.com/twmb/franz-go/pkg/kadm":     "v1.19.0",
			"github.com/twmb/franz-go/pkg/kfake":    "v0.0.0-20260918054303-01f206a7e32c",
			"github.com/twmb/franz-go/plugin/kotel": "v1.7.1",
			"github.com/twmb/franz-go/plugin/kslog": "v1.0.0",
		},
	},
	{
		why: "the Temporal server calls options of the Prometheus exporter that later ones dropped, and OpenTelemetry before 1.46 has known holes",
		versions: map[string]string{
			"github.com/XSAM/otelsql":                       "v0.44.0",
			"go.opentelemetry.io/otel":                      "v1.46.0",
			"go.opentelemetry.io/otel/exporters/prometheus": "v0.56.0",

			"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin": "v0.71.0",
		},
	},
	{
		why: "this set was linked into one binary and tested together",
		versions: map[string]string{
			"github.com/gin-gonic/gin":         "v1.12.0",
			"github.com/danielgtaylor/huma/v2": "v2.39.1",
			"github.com/alecthomas/kong":       "v1.17.0",
			"pgregory.net/rapid":               "v1.3.0",
			"go.uber.org/goleak":               "v1.3.0",
			"github.com/google/go-cmp":         "v0.7.0",
			"github.com/rogpeppe/go-internal":  "v1.16.0",
		},
	},
	{
		why:      "golang.org/x/net before 0.60 has known holes that net/http of this Go version shares",
		versions: map[string]string{"golang.org/x/net": "v0.61.0+"},
	},
}

// core must be in go.mod: without one of them the table above guards nothing.
var core = []string{
	"go", "go.temporal.io/server", "go.temporal.io/sdk", "go.temporal.io/api", "github.com/temporalio/ui-server/v2",
	"google.golang.org/grpc", "modernc.org/sqlite", "modernc.org/libc", "github.com/twmb/franz-go", "golang.org/x/net",
}

func TestVersionsThatFitTogetherDoNotDrift(t *testing.T) {
	t.Parallel()
	versions := readVersions(t, "go.mod")
	for _, name := range core {
		if versions[name] == "" {
			t.Errorf("go.mod does not name %s", name)
		}
	}
	for _, drift := range drifts(versions) {
		t.Error(drift)
	}
}

func TestTheToolsStayPinnedInTheirOwnModule(t *testing.T) {
	t.Parallel()
	tools := readVersions(t, "tools/go.mod")
	const linter, checker = "github.com/golangci/golangci-lint/v2", "go.temporal.io/sdk/contrib/tools/workflowcheck"
	want := map[string]string{"go": "1.26.8", linter: "v2.15.0", checker: "v0.6.0"}
	got := map[string]string{"go": tools["go"], linter: tools[linter], checker: tools[checker]}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tools/go.mod: another linter finds other things (-want +got):\n%s", diff)
	}
	main := readVersions(t, "go.mod")
	for _, tool := range []string{linter, checker} {
		if main[tool] != "" {
			t.Errorf("%s is in go.mod, where its requirements move the Temporal server's: it belongs in tools/go.mod", tool)
		}
	}
}

func TestADriftIsNamedWithItsReason(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		module, version string
		want            []string
	}{
		{"modernc.org/sqlite", "v1.51.0", nil},
		{"modernc.org/sqlite", "v1.52.0", []string{
			"modernc.org/sqlite is v1.52.0, want v1.51.0: modernc.org/sqlite works with exactly the modernc.org/libc it names, and newer goose raises one without the other",
		}},
		{"golang.org/x/net", "v0.61.0", nil},
		{"golang.org/x/net", "v0.105.2", nil},
		{"golang.org/x/net", "v1.0.0", nil},
		{"golang.org/x/net", "v0.60.9", []string{
			"golang.org/x/net is v0.60.9, want v0.61.0+: golang.org/x/net before 0.60 has known holes that net/http of this Go version shares",
		}},
		{"golang.org/x/text", "v0.1.0", nil},
	} {
		if diff := cmp.Diff(test.want, drifts(map[string]string{test.module: test.version})); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.module, test.version, diff)
		}
	}
}

// drifts names every pinned module that is there in another version.
func drifts(versions map[string]string) []string {
	var found []string
	for _, group := range pinned {
		for _, name := range slices.Sorted(maps.Keys(group.versions)) {
			want, got := group.versions[name], versions[name]
			if got != "" && !satisfies(got, want) {
				found = append(found, fmt.Sprintf("%s is %s, want %s: %s", name, got, want, group.why))
			}
		}
	}
	return found
}

func satisfies(version, want string) bool {
	least, open := strings.CutSuffix(want, "+")
	if !open {
		return version == want
	}
	return !older(version, least)
}

// older compares released versions such as v0.61.0.
func older(version, other string) bool {
	var a, b [3]int
	_, errA := fmt.Sscanf(version, "v%d.%d.%d", &a[0], &a[1], &a[2])
	_, errB := fmt.Sscanf(other, "v%d.%d.%d", &b[0], &b[1], &b[2])
	if errA != nil || errB != nil {
		return true // what cannot be read does not satisfy
	}
	for n := range a {
		if a[n] != b[n] {
			return a[n] < b[n]
		}
	}
	return false
}

// readVersions reads what a go.mod requires, "go" for the language. Since Go
// 1.17 the file names every module that the build uses, indirect ones too.
func readVersions(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	versions := make(map[string]string)
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "//")
		words := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(words) == 2 && (words[0] == "go" || strings.HasPrefix(words[1], "v")) {
			versions[words[0]] = words[1]
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return versions
}
