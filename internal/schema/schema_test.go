package schema_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/schema"
)

var update = flag.Bool("update", false, "write the schemas and docs/asyncapi.yaml anew")

// Not parallel: with -update it writes what parallel tests read. A change that
// would break somebody is not written.
func TestGoldenSchemasAreWhatTheTypesSay(t *testing.T) {
	for _, document := range documents(t) {
		want, err := document.schema.indented()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("file", strings.TrimPrefix(document.ref, schema.Prefix))
		got, err := os.ReadFile(path)
		if err != nil && !*update {
			t.Fatalf("%v (make golden writes it)", err)
		}
		if err == nil {
			for _, breach := range breaches(parse(t, got), parse(t, want), document.input) {
				t.Errorf("%s: %s; anything but an addition needs a new version", document.ref, breach)
			}
		}
		if *update && !t.Failed() {
			if err := os.WriteFile(path, want, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(string(got), string(want)); diff != "" {
			t.Errorf("%s is not what the code says; run `make golden` (-file +code):\n%s", path, diff)
		}
	}
}

func TestThereIsASchemaForEveryKindAndNoOther(t *testing.T) {
	t.Parallel()
	kinds := slices.Concat(skald.ForwardKinds(), skald.CompensationKinds())
	var described []skald.Kind
	for _, payload := range payloads() {
		described = append(described, payload.Kind())
	}
	if diff := cmp.Diff(kinds, described); diff != "" {
		t.Errorf("kinds with a schema (-want +got):\n%s", diff)
	}
	want := []string{"order.cancel_requested.input.v1.json", "order.placed.input.v1.json"}
	for _, kind := range kinds {
		want = append(want, string(kind)+".v1.json")
	}
	slices.Sort(want)
	entries, err := fs.ReadDir(schema.Files(), ".")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("files (-want +found):\n%s", diff)
	}
}

func TestASchemaIsServedUnderItsKindAndVersion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ got, want string }{
		{schema.Ref(skald.KindOrderPlaced), "/schemas/order.placed.v1.json"},
		{schema.Ref(skald.KindPaymentRefunded), "/schemas/payment.refunded.v1.json"},
		{schema.InputRef(skald.KindOrderPlaced), "/schemas/order.placed.input.v1.json"},
		{schema.InputRef(skald.KindOrderCancelRequested), "/schemas/order.cancel_requested.input.v1.json"},
		{schema.InputRef(skald.KindStockReserved), ""},
	} {
		if test.got != test.want {
			t.Errorf("path is %q, want %q", test.got, test.want)
		}
	}
}

// The golden events are what skald writes; every field of theirs is set.
func TestEveryGoldenEventFitsItsSchemaAndNothingLessDoes(t *testing.T) {
	t.Parallel()
	for _, document := range documents(t) {
		if document.input {
			continue
		}
		t.Run(string(document.kind), func(t *testing.T) {
			t.Parallel()
			compiled := compile(t, document.ref)
			event := golden(t, document.kind)
			if err := compiled.Validate(event); err != nil {
				t.Errorf("the golden event: %v", err)
			}
			event["added_later"] = true
			if err := compiled.Validate(event); err != nil {
				t.Errorf("with a field of a later version: %v", err)
			}
			required := names(parsed(t, document.ref)["required"])
			if len(required) == 0 {
				t.Error("no field is required")
			}
			for _, name := range required {
				lacking := golden(t, document.kind)
				delete(lacking, name)
				if compiled.Validate(lacking) == nil {
					t.Errorf("without %s it fits too", name)
				}
			}
		})
	}
}

// AsyncAPI's own schema language is draft-07.
func TestTheSchemasMeanTheSameInDraft07(t *testing.T) {
	t.Parallel()
	for _, document := range documents(t) {
		old := parsed(t, document.ref)
		old["$schema"] = "http://json-schema.org/draft-07/schema#"
		compiled := compileAs(t, jsonschema.Draft7, "urn:draft-07", old)
		if document.input {
			continue
		}
		event := golden(t, document.kind)
		if err := compiled.Validate(event); err != nil {
			t.Errorf("%s: %v", document.ref, err)
		}
		delete(event, names(old["required"])[0])
		if compiled.Validate(event) == nil {
			t.Errorf("%s: an event without its first field fits in draft-07", document.ref)
		}
	}
}
