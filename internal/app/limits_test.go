package app_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
)

// alone is a skald whose Kafka and Temporal are away: it takes orders all the
// same.
func alone(t *testing.T) app.Config {
	t.Helper()
	return app.Config{
		Listen: "127.0.0.1:0", Database: "sqlite:" + filepath.Join(t.TempDir(), "orders.db"),
		Kafka: []string{"127.0.0.1:1"}, Temporal: "127.0.0.1:1", Logger: quiet(),
	}
}

func TestTheAPIHasTheLimitsOfItsConfigurationAndDrainsAsLong(t *testing.T) {
	t.Parallel()
	config := alone(t)
	config.Limits, config.DrainDelay = app.Limits{Rate: 0.001, Burst: 1}, 3*time.Second
	skald, err := app.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	statuses := [2]int{}
	for n := range statuses {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, skald.URL()+"/v1/stock", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		statuses[n] = response.StatusCode
	}
	if statuses != [2]int{http.StatusOK, http.StatusTooManyRequests} {
		t.Errorf("answered %v", statuses)
	}
	api, closed := newClient(t, skald.URL()), make(chan error, 1)
	began := time.Now()
	go func() { closed <- skald.Close() }()
	eventually(t, 3*time.Second, "skald says that it stops", func(ctx context.Context) bool {
		readiness, err := api.Ready(ctx)
		return err == nil && readiness.State == client.StateStopping
	})
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < 3*time.Second {
		t.Errorf("it stopped after %s", took)
	}
}

func TestLimitsThatCannotBeUsedAreNamed(t *testing.T) {
	t.Parallel()
	config := alone(t)
	config.Limits = app.Limits{MaxInFlight: 3, TrustedProxies: []string{"everyone"}}
	_, err := app.Start(t.Context(), config)
	if err == nil {
		t.Fatal("started")
	}
	for _, want := range []string{"MaxInFlight is 3, must be 32 to 65536", `TrustedProxies has "everyone"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
