package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/skald-saga/skald/gateway"
)

func TestOptionsThatCannotBeUsedAreNamedWithValueAndBound(t *testing.T) {
	t.Parallel()
	err := gateway.Options{
		Health:       map[string]gateway.Check{"kafka": {}},
		MaxBodyBytes: 2 << 20, MaxHeaderBytes: -1, MaxConnections: -1,
		ReadHeaderTimeout: -1, ReadTimeout: time.Minute, WriteTimeout: time.Minute, HealthTimeout: time.Hour,
	}.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	want := []string{
		"Orders is missing",
		"Stock is missing",
		"MaxBodyBytes is 2097152, must be 1 to 1048576",
		"MaxHeaderBytes is -1, must be 1 to 1048576",
		"MaxConnections is -1, must be 1 to 1048576",
		`Health["kafka"].Ask is missing`,
		"ReadHeaderTimeout is -1ns, must be positive",
		"WriteTimeout is 1m0s, must be more than ReadTimeout + HandlerTimeout (1m10s)",
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
