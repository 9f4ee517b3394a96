package app_test

import (
	"cmp"
	"path/filepath"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/embedded"
)

// startEngine runs Kafka and Temporal alone, for tests in which skald comes and
// goes on them.
func startEngine(t *testing.T, dir string) *embedded.Engine {
	t.Helper()
	attributes := map[string]enumspb.IndexedValueType{}
	for _, name := range skald.SearchAttributes() {
		attributes[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
	engine, err := embedded.Start(t.Context(), embedded.Options{
		Dir: dir, NoUI: true, SearchAttributes: attributes, Logger: quiet(),
	})
	if err != nil {
		t.Fatalf("start the engine: %v", err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("close the engine: %v", err)
		}
	})
	return engine
}

// startOn runs skald on an engine that goes on when skald is closed. The state
// is in dir; c holds what is not the default. Temporal may be another engine's.
func startOn(t *testing.T, engine *embedded.Engine, dir string, c app.Config) *world {
	t.Helper()
	c.Listen, c.Database = "127.0.0.1:0", "sqlite:"+filepath.Join(dir, "skald.db")
	c.Kafka, c.Namespace, c.Logger = engine.Kafka(), engine.Namespace(), quiet()
	c.Temporal = cmp.Or(c.Temporal, engine.Temporal())
	running, err := app.Start(t.Context(), c)
	if err != nil {
		t.Fatalf("start skald: %v", err)
	}
	w := &world{Dev: &app.Dev{App: running, Engine: engine}, api: newClient(t, running.URL())}
	t.Cleanup(func() { w.stop(t) })
	return w
}

// stop ends skald and leaves the engine.
func (w *world) stop(t *testing.T) {
	t.Helper()
	if err := w.App.Close(); err != nil {
		t.Errorf("close skald: %v", err)
	}
}
