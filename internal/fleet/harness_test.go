package fleet_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/fleet"
	"github.com/skald-saga/skald/internal/stack"
)

// Variables of these tests.
const (
	stackVariable  = "SKALD_STACK"       // turns on what needs the stack
	binaryVariable = "SKALD_STACK_SKALD" // a skald that is built already; else it is built
	seedVariable   = "SKALD_STACK_SEED"  // repeats a run's mix of orders
)

const composeFile = "../../docker-compose.yml"

// Time limits, generous because two cores are shared by everything.
const (
	settleLimit  = 4 * time.Minute // until every order of a scenario is final
	recoverLimit = time.Minute     // until everything answers again
)

// installation is docker-compose.yml without Docker: its servers, and its fleet.
type installation struct {
	*fleet.Fleet
	servers *stack.Stack
	db      *sql.DB
	seed    uint64
}

// install starts everything, a relay more than the file says.
func install(t *testing.T) *installation {
	t.Helper()
	if os.Getenv(stackVariable) == "" {
		t.Skip(stackVariable + " is not set: these tests fetch Kafka, build Temporal's server and skald, and need Java, Maven and Postgres")
	}
	tools, err := stack.Install(t.Context(), "", nil)
	must(t, err)
	dir := folder(t)
	servers, err := stack.Start(t.Context(), stack.Options{Tools: tools, Dir: filepath.Join(dir, "stack")})
	must(t, err)
	t.Cleanup(func() { must(t, servers.Close()) })
	in := &installation{servers: servers, seed: seed(t)}
	in.Fleet, err = fleet.Start(t.Context(), fleet.Options{
		ComposeFile: composeFile, Binary: program(t), Dir: filepath.Join(dir, "fleet"),
		Addresses: map[string]string{
			"postgres:5432": servers.Postgres.Address(), "kafka:19092": servers.Kafka.Address(), "temporal:7233": servers.Temporal.Address(),
		},
		Replicas: map[string]int{"relay": 2}, // as the file's first lines say it: one that stands by
	})
	must(t, err)
	t.Cleanup(func() { must(t, in.Close()) })
	in.db, err = sql.Open("pgx", servers.Postgres.URL())
	must(t, err)
	t.Cleanup(func() { must(t, in.db.Close()) })
	return in
}

// program is skald as its image has it: without the embedded engine.
func program(t *testing.T) string {
	t.Helper()
	if built := os.Getenv(binaryVariable); built != "" {
		return built
	}
	binary := filepath.Join(t.TempDir(), "skald")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "noembed", "-o", binary, "../../cmd/skald").CombinedOutput()
	if err != nil {
		t.Fatalf("build skald: %v\n%s", err, output)
	}
	return binary
}

// folder is removed at the end of the test, unless it failed: then its logs may
// tell why.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := stack.TempDir()
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("data and logs are left in %s", dir)
			return
		}
		must(t, os.RemoveAll(dir))
	})
	return dir
}

func seed(t *testing.T) uint64 {
	t.Helper()
	chosen := rand.Uint64()
	if given := os.Getenv(seedVariable); given != "" {
		if _, err := fmt.Sscan(given, &chosen); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	t.Logf("seed %d (%s repeats it)", chosen, seedVariable)
	return chosen
}

// gateways are where the API answers.
func (in *installation) gateways() []string {
	var urls []string
	for _, p := range in.WithRole("gateway") {
		urls = append(urls, p.URL())
	}
	return urls
}

// count is the single number that a query of skald's database returns.
func (in *installation) count(ctx context.Context, query string, args ...any) (n int, err error) {
	err = in.db.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually asks until there is no error any more, and returns how long it took.
func eventually(t *testing.T, limit time.Duration, what string, ask func() error) time.Duration {
	t.Helper()
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	began := time.Now()
	for {
		err := ask()
		took := time.Since(began)
		if err == nil {
			return took
		}
		if took > limit {
			t.Fatalf("%s: not after %s: %v", what, limit, err)
		}
		<-pause.C
	}
}
