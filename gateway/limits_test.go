package gateway_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/skald-saga/skald/gateway"
)

func TestTheLimitsAreDocumentedAsTheyAre(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	load := open(t, gateway.Options{}).Load()
	for _, want := range []string{
		fmt.Sprintf("| %d (`--max-in-flight`): %d for new orders and receipts, %d for reads, %d for cancels and decisions, %d for dead letters |",
			gateway.DefaultMaxInFlight, load.Work.Places, load.Reads.Places, load.Decisions.Places, load.DeadLetters.Places),
		fmt.Sprintf("a wait of %d ms at most, by %d at most", gateway.DefaultQueueTimeout.Milliseconds(), load.Work.Queue),
		fmt.Sprintf("(`Prefer: wait`) | %d |", gateway.DefaultMaxWaits),
		fmt.Sprintf("streams of events | %d |", gateway.DefaultMaxStreams),
		fmt.Sprintf("| %d (`--max-connections`), of one client a quarter", gateway.DefaultMaxConnections),
		fmt.Sprintf("header %.0f s, whole request %.0f s, the database %.0f s, between requests %.0f s", gateway.DefaultReadHeaderTimeout.Seconds(),
			gateway.DefaultReadTimeout.Seconds(), gateway.DefaultHandlerTimeout.Seconds(), gateway.DefaultIdleTimeout.Seconds()),
		fmt.Sprintf("header %d KiB, body %d KiB, all bodies %d MiB beyond 16 KiB each", gateway.DefaultMaxHeaderBytes>>10,
			gateway.DefaultMaxBodyBytes>>10, gateway.DefaultMaxBodyMemory>>20),
		fmt.Sprintf("gives running requests %.0f s", gateway.DefaultShutdownTimeout.Seconds()),
		fmt.Sprintf("Above %d,%03d clients", gateway.DefaultMaxClients/1000, gateway.DefaultMaxClients%1000),
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("docs/api.md does not say: %s", want)
		}
	}
	if all := load.Work.Places + load.Reads.Places + load.Decisions.Places + load.DeadLetters.Places; all != gateway.DefaultMaxInFlight {
		t.Errorf("%d places, want %d", all, gateway.DefaultMaxInFlight)
	}
}
