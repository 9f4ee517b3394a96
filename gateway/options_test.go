package gateway_test

import (
	"crypto/tls"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/skald-saga/skald/gateway"
)

func TestOptionsThatCannotBeUsedAreNamedWithValueAndBound(t *testing.T) {
	t.Parallel()
	err := gateway.Options{
		Health:       map[string]gateway.Check{"kafka": {}},
		MaxBodyBytes: 2 << 20, MaxHeaderBytes: -1, TLS: &tls.Config{},
		ReadHeaderTimeout: -1, ReadTimeout: time.Minute, WriteTimeout: time.Minute, HealthTimeout: time.Hour, DrainDelay: time.Hour,
		Limits: gateway.Limits{
			MaxInFlight: 40, Reserve: 21, MaxWaits: -1, MaxStreams: -1, MaxConnections: 3, MaxConnectionsPerClient: 4, MaxBodyMemory: 1 << 20,
			Burst: -1, MaxClients: -1, TrustedProxies: []string{"10.0.0.1", "::1", "10.0.0.0/8", "proxy"}, QueueTimeout: 2 * time.Second, Rate: math.NaN(),
		},
	}.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	want := []string{
		"Orders is missing",
		"Stock is missing",
		"MaxBodyBytes is 2097152, must be 1 to 1048576",
		"MaxHeaderBytes is -1, must be 1 to 1048576",
		"Reserve is 21, must be 8 to 20",
		"MaxWaits is -1, must be 1 to 65536",
		"MaxStreams is -1, must be 1 to 65536",
		"MaxConnectionsPerClient is 4, must be 1 to 3",
		"Burst is -1, must be 1 to 2000000",
		"MaxClients is -1, must be 1 to 1048576",
		`TrustedProxies has "proxy", must be an address or a network as 10.0.0.0/8`,
		"QueueTimeout is 2s, must be more than 0 and at most 1s",
		"Rate is NaN, must be 0 to 1000000",
		"MaxBodyMemory is 1048576, must be at least MaxBodyBytes (2097152)",
		"TLS has no certificate",
		`Health["kafka"].Ask is missing`,
		"ReadHeaderTimeout is -1ns, must be positive",
		"WriteTimeout is 1m0s, must be more than ReadTimeout + QueueTimeout + HandlerTimeout (1m12s)",
		"DrainDelay is 1h0m0s, must be 0 to 1m0s",
		"HealthTimeout is 1h0m0s, must be less than HandlerTimeout (10s)",
	}
	if got := err.Error(); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if _, err := gateway.New(gateway.Options{}); err == nil {
		t.Error("New accepts what Validate refuses")
	}
}

func TestZeroOptionsAreTheDefaults(t *testing.T) {
	t.Parallel()
	if err := (gateway.Options{Orders: fakeOrders{}, Stock: fakeStock{}}).Validate(); err != nil {
		t.Error(err)
	}
}
