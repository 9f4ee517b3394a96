package skald_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// This file is the map of skald: who may import whom. Data flows one way. A
// package that needs something from upstream declares the small interface it
// needs, and internal/app brings the two together.

const module = "github.com/skald-saga/skald"

// Modules that only some rooms may import. What is not here is free for all
// rooms that are not sealed.
const (
	uuidModule     = "github.com/google/uuid"
	ginModule      = "github.com/gin-gonic/gin"
	humaModule     = "github.com/danielgtaylor/huma"
	kafkaModule    = "github.com/twmb/franz-go"
	kfakeModule    = "github.com/twmb/franz-go/pkg/kfake"
	temporalAPI    = "go.temporal.io/api"
	temporalSDK    = "go.temporal.io/sdk"
	temporalServer = "go.temporal.io/server"
	temporalUI     = "github.com/temporalio/ui-server"
	sqliteModule   = "modernc.org/sqlite"
	pgxModule      = "github.com/jackc/pgx"
	gooseModule    = "github.com/pressly/goose"
	kongModule     = "github.com/alecthomas/kong"
	otelModule     = "go.opentelemetry.io/otel"
	promModule     = "github.com/prometheus/client_golang"
)

var guarded = []string{
	ginModule, humaModule, kafkaModule, kfakeModule, temporalAPI, temporalSDK, temporalServer, temporalUI,
	sqliteModule, pgxModule, gooseModule, kongModule, otelModule, promModule,
}

type room struct {
	knows  []string // packages of skald it may import; the root package is "."
	uses   []string // guarded modules it may import
	sealed bool     // beyond the standard library it may import nothing else at all
}

// rooms is the map. A new package gets its row here.
var rooms = map[string]room{
	".":                              {uses: []string{uuidModule}, sealed: true},
	"gateway":                        {knows: []string{".", "internal/admission", "internal/feed"}, uses: []string{ginModule, humaModule}},
	"activities":                     {knows: []string{".", "internal/provider"}, uses: []string{temporalSDK}},
	"workflows/saga":                 {uses: []string{temporalSDK, temporalAPI}, sealed: true},
	"workflows/saga/sagatest":        {knows: []string{"workflows/saga"}, uses: []string{temporalSDK, temporalAPI}, sealed: true},
	"workflows":                      {knows: []string{".", "activities", "workflows/saga"}, uses: []string{temporalSDK, temporalAPI}},
	"workers":                        {knows: []string{".", "activities", "workflows", "internal/credential", "internal/kafka"}, uses: []string{temporalSDK, temporalAPI, kafkaModule}},
	"internal/credential":            {sealed: true},
	"internal/database":              {knows: []string{"internal/credential"}, uses: []string{sqliteModule, pgxModule, gooseModule}},
	"internal/database/databasetest": {knows: []string{"internal/database"}, uses: []string{pgxModule}},
	"internal/store":                 {knows: []string{".", "internal/database"}},
	"internal/store/storetest":       {knows: []string{".", "internal/database", "internal/database/databasetest", "internal/store"}},
	"internal/provider":              {knows: []string{"."}},
	"internal/provider/sandbox":      {knows: []string{".", "internal/database", "internal/provider"}},
	"internal/provider/check":        {knows: []string{".", "internal/provider"}},
	"internal/provider/providertest": {knows: []string{".", "internal/provider", "internal/provider/check"}},
	"internal/provider/remote":       {knows: []string{".", "internal/provider", "internal/provider/check"}},
	"internal/kafka":                 {knows: []string{".", "internal/credential"}, uses: []string{kafkaModule}},
	"internal/deadletter":            {knows: []string{".", "internal/kafka"}, uses: []string{kafkaModule}},
	"internal/admission":             {},
	"internal/metrics":               {uses: []string{otelModule, promModule}}, // knows nobody: who is counted declares an interface
	"internal/feed":                  {knows: []string{"."}},
	"internal/prune":                 {sealed: true},
	"internal/schema":                {knows: []string{"."}},
	"internal/audit":                 {knows: []string{".", "workflows", "internal/kafka", "internal/provider"}, uses: []string{temporalSDK, temporalAPI, kafkaModule}},
	"internal/doctor":                {knows: []string{".", "internal/kafka"}, uses: []string{temporalAPI, kafkaModule}},
	"internal/fleet":                 {uses: []string{pgxModule}},
	"internal/stack":                 {knows: []string{".", "internal/stack/authority"}, uses: []string{temporalSDK, temporalAPI, kafkaModule, pgxModule}},
	"internal/stack/authority":       {sealed: true},
	"internal/stack/cmd/stack":       {knows: []string{"internal/stack"}},
	"internal/client":                {uses: []string{uuidModule}, sealed: true}, // its wire structs are its own, so that it sees what any other program sees
	"internal/bench":                 {knows: []string{".", "internal/client"}},
	"internal/soak":                  {knows: []string{".", "internal/client", "internal/fault/network", "internal/fleet", "internal/stack"}, uses: []string{kafkaModule}},
	"internal/picture":               {knows: []string{"."}},
	"internal/fault":                 {knows: []string{"."}},
	"internal/fault/inject":          {knows: []string{".", "internal/fault", "internal/provider"}, uses: []string{temporalSDK, temporalAPI, kafkaModule, sqliteModule, pgxModule}},
	"internal/fault/network":         {knows: []string{"internal/fault"}},
	"internal/fault/book":            {knows: []string{"internal/database", "internal/fault"}},
	"internal/embedded":              {knows: []string{"."}, uses: []string{temporalServer, temporalUI, temporalAPI, kfakeModule, sqliteModule}},
	"internal/app": {
		knows: []string{
			".", "gateway", "activities", "workflows", "workers", "internal/admission", "internal/database", "internal/store", "internal/kafka",
			"internal/audit", "internal/client", "internal/credential", "internal/deadletter", "internal/doctor", "internal/embedded",
			"internal/fault", "internal/fault/book", "internal/fault/inject", "internal/fault/network", "internal/feed", "internal/metrics", "internal/provider",
			"internal/provider/check", "internal/provider/remote", "internal/provider/sandbox", "internal/prune", "internal/schema",
		},
		uses: []string{temporalSDK, temporalAPI, kafkaModule, kongModule},
	},
	"docs/examples/orders-go":   {uses: []string{kafkaModule}}, // as anybody else's program: nothing of skald
	"docs/model/spec":           {sealed: true},
	"docs/examples/provider-go": {sealed: true},
	// bench is no part of skald: it compares skald's processes with Temporal's usual way.
	"bench":           {knows: []string{"bench/bare", "bench/child", "bench/ratio", "bench/reference", "internal/stack"}, uses: []string{temporalServer}},
	"bench/ratio":     {sealed: true},
	"bench/child":     {knows: []string{"internal/bench"}},
	"bench/bare":      {knows: []string{".", "internal/embedded", "workers", "workflows"}, uses: []string{temporalSDK, temporalAPI}},
	"bench/reference": {knows: []string{".", "activities", "internal/database", "internal/provider/sandbox", "internal/store"}, uses: []string{temporalSDK, temporalServer}},
	"cmd/skald":       {knows: []string{".", "internal/app", "internal/bench", "internal/client", "internal/credential", "internal/picture", "internal/soak"}, uses: []string{kongModule}},
}

// linksServer lists the rooms that may contain the Temporal server, tests
// included.
var linksServer = []string{"internal/embedded", "internal/app", "cmd/skald", "bench", "bench/bare", "bench/reference"}

// instead says what to do about an import that the map does not have.
var instead = map[string]string{
	"internal/store":    "declare the small interface it needs instead",
	"internal/database": "only what keeps tables may know the database; declare the small interface it needs instead",
	"internal/kafka":    "take the client or the codec as an interface, and let internal/app pass it in",
	"internal/embedded": "only internal/app starts the embedded engine; everyone else gets three addresses",
	"internal/app":      "internal/app knows everyone, so only cmd/skald may know it",
	temporalServer:      "only internal/embedded links the Temporal server, so that every other package compiles and tests in seconds",
	temporalUI:          "only internal/embedded serves the Temporal UI",
	kfakeModule:         "only internal/embedded runs kfake; code below internal/app does not know whether Kafka is real",
	kafkaModule:         "Kafka is spoken in internal/kafka and workers; declare the small interface it needs instead",
	temporalSDK:         "Temporal is spoken in workflows, activities and workers; declare the small interface it needs instead",
	temporalAPI:         "Temporal is spoken in workflows and workers; declare the small interface it needs instead",
	sqliteModule:        "internal/database hides which engine it is",
	pgxModule:           "internal/database hides which engine it is",
	gooseModule:         "internal/database migrates",
	ginModule:           "HTTP stays in gateway",
	humaModule:          "HTTP stays in gateway",
	kongModule:          "the command line stays in cmd/skald and internal/app",
	otelModule:          "metrics stay in internal/metrics; declare the small interface that you tell",
	promModule:          "metrics stay in internal/metrics; declare the small interface that you tell",
}

func TestEveryPackageImportsOnlyWhatItsRoomMay(t *testing.T) {
	t.Parallel()
	packages := readPackages(t)
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		for _, complaint := range complaints(name, packages[name].imports) {
			t.Error(complaint)
		}
	}
}

// The benchmark links what skald may not: a stock Temporal server.
func TestNothingOfSkaldKnowsItsBenchmark(t *testing.T) {
	t.Parallel()
	packages := readPackages(t)
	if _, ok := packages["bench/reference"]; !ok {
		t.Fatal("bench/reference was not read")
	}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		if _, ok := within(name, "bench"); ok {
			continue
		}
		for _, imported := range slices.Concat(packages[name].imports, packages[name].testImports) {
			if _, ok := within(imported, module+"/bench"); ok {
				t.Errorf("%s must not import %s: bench measures skald from outside and is no part of it", name, short(imported))
			}
		}
	}
}

func TestOnlyTheListedPackagesLinkTheTemporalServer(t *testing.T) {
	t.Parallel()
	packages := readPackages(t)
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		if slices.Contains(linksServer, name) {
			continue
		}
		pkg := packages[name]
		for _, imported := range slices.Concat(pkg.imports, pkg.testImports) {
			if reachesServer(packages, imported) {
				t.Errorf("%s must not import %s, not even in a test: %s", name, short(imported), instead[temporalServer])
			}
		}
	}
}

// The map is only as good as its reading: each kind of trespass must be found,
// and said in a sentence that helps.
func TestTheMapNamesEachTrespassAndTheWayOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		imports []string
		want    []string
	}{
		{"gateway", []string{"net/http", module, ginModule, "golang.org/x/net/netutil"}, nil},
		{"gateway", []string{module + "/internal/store"}, []string{"gateway must not import internal/store: declare the small interface it needs instead"}},
		{"gateway", []string{module + "/workflows"}, []string{"gateway must not import workflows: rooms side by side do not know each other; internal/app brings them together"}},
		{"activities", []string{module + "/workflows"}, []string{"activities must not import workflows: rooms side by side do not know each other; internal/app brings them together"}},
		{"workers", []string{module + "/internal/app"}, []string{"workers must not import internal/app: internal/app knows everyone, so only cmd/skald may know it"}},
		{"workers", []string{kafkaModule + "/pkg/kgo", kfakeModule}, []string{"workers must not import github.com/twmb/franz-go/pkg/kfake: only internal/embedded runs kfake; code below internal/app does not know whether Kafka is real"}},
		{"workflows/saga", []string{temporalSDK + "/workflow", module}, []string{"workflows/saga must not import the root package: rooms side by side do not know each other; internal/app brings them together"}},
		{"workflows/saga", []string{"golang.org/x/sync/errgroup"}, []string{"workflows/saga must not import golang.org/x/sync/errgroup: it is sealed, so that it stays small and free of everything but its subject"}},
		{".", []string{"time", uuidModule, ginModule}, []string{"the root package must not import github.com/gin-gonic/gin: HTTP stays in gateway"}},
		{"internal/app", []string{temporalServer + "/temporal"}, []string{"internal/app must not import go.temporal.io/server/temporal: only internal/embedded links the Temporal server, so that every other package compiles and tests in seconds"}},
		{"internal/attic", nil, []string{"internal/attic is not on the map: give it a row in rooms, in imports_test.go, that says whom it may import"}},
	} {
		if diff := cmp.Diff(test.want, complaints(test.name, test.imports)); diff != "" {
			t.Errorf("%s importing %v (-want +got):\n%s", test.name, test.imports, diff)
		}
	}
}

// complaints is what is wrong with the imports of one package, a sentence each.
func complaints(name string, imports []string) []string {
	home, ok := rooms[name]
	if !ok {
		return []string{name + " is not on the map: give it a row in rooms, in imports_test.go, that says whom it may import"}
	}
	var found []string
	for _, imported := range imports {
		if why := home.refuses(imported); why != "" {
			found = append(found, fmt.Sprintf("%s must not import %s: %s", short(path.Join(module, name)), short(imported), why))
		}
	}
	return found
}

// refuses says why a room may not import a package, or nothing when it may.
func (r room) refuses(imported string) string {
	if inner, ok := within(imported, module); ok {
		if slices.Contains(r.knows, inner) {
			return ""
		}
		if why := instead[inner]; why != "" {
			return why
		}
		return "rooms side by side do not know each other; internal/app brings them together"
	}
	owner := guardOf(imported)
	switch {
	case slices.ContainsFunc(r.uses, func(used string) bool { return used == owner || owner == "" && used == imported }):
		return ""
	case owner != "":
		return instead[owner]
	case r.sealed && strings.Contains(strings.Split(imported, "/")[0], "."):
		return "it is sealed, so that it stays small and free of everything but its subject"
	}
	return ""
}

// guardOf is the most specific guarded module that a package belongs to.
func guardOf(imported string) string {
	var owner string
	for _, guard := range guarded {
		if _, ok := within(imported, guard); ok && len(guard) > len(owner) {
			owner = guard
		}
	}
	return owner
}

// within is the path of a package inside a module, "." for the module itself.
func within(imported, root string) (string, bool) {
	if imported == root {
		return ".", true
	}
	return strings.CutPrefix(imported, root+"/")
}

func short(imported string) string {
	if inner, ok := within(imported, module); ok && inner == "." {
		return "the root package"
	} else if ok {
		return inner
	}
	return imported
}

func reachesServer(packages map[string]sources, imported string) bool {
	if _, ok := within(imported, temporalServer); ok {
		return true
	}
	inner, ok := within(imported, module)
	return ok && slices.ContainsFunc(packages[inner].imports, func(next string) bool { return reachesServer(packages, next) })
}

type sources struct{ imports, testImports []string }

// readPackages reads the imports of every package in this module.
func readPackages(t *testing.T) map[string]sources {
	t.Helper()
	packages := make(map[string]sources)
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipForeign(file, entry.Name())
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		imports, err := importsOf(file)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(filepath.Dir(file))
		pkg := packages[name]
		if strings.HasSuffix(file, "_test.go") {
			pkg.testImports = append(pkg.testImports, imports...)
		} else {
			pkg.imports = append(pkg.imports, imports...)
		}
		packages[name] = pkg
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(packages["."].imports) == 0 {
		t.Fatal("the root package was not read: the test must run in the root of the module")
	}
	return packages
}

// skipForeign leaves out folders that the go command leaves out too: hidden
// ones, test data and other modules.
func skipForeign(folder, name string) error {
	if folder == "." {
		return nil
	}
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	if err == nil || name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return filepath.SkipDir
	}
	return nil
}

func importsOf(file string) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var imports []string
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		imports = append(imports, imported)
	}
	return imports, nil
}
