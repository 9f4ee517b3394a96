package main

import (
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/app"
)

func TestTheLimitsOfServeReachTheAPI(t *testing.T) {
	t.Parallel()
	var flags limitFlags
	parser, err := kong.New(&flags)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse([]string{
		"--max-in-flight=64", "--max-connections=100", "--max-connections-per-client=10", "--client-rate=5", "--client-burst=7",
		"--trusted-proxies=10.0.0.0/8,::1", "--drain-delay=5s",
	})
	if err != nil {
		t.Fatal(err)
	}
	var got app.Config
	flags.limit(&got)
	want := app.Limits{
		MaxInFlight: 64, MaxConnections: 100, MaxConnectionsPerClient: 10, Rate: 5, Burst: 7,
		TrustedProxies: []string{"10.0.0.0/8", "::1"},
	}
	if diff := cmp.Diff(want, got.Limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
	if got.DrainDelay != 5*time.Second {
		t.Errorf("DrainDelay %s", got.DrainDelay)
	}
}
