package skald_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

// sampleOrder is a valid order with every field set; a test changes what it is
// about.
func sampleOrder() skald.Order {
	return skald.Order{
		ID:         "order-1001",
		CustomerID: "customer-7",
		Currency:   "EUR",
		Items: []skald.Item{
			{SKU: "mug-blue", Quantity: 2, UnitPrice: 1250},
			{SKU: "tea.oolong_100g", Quantity: 1, UnitPrice: 899},
		},
		PaymentToken: "tok_visa",
		ShipTo: skald.Address{
			Name: "Astrid Lind", Line1: "Storgatan 1", Line2: "c/o Berg", City: "Uppsala",
			Region: "Uppland", PostalCode: "753 20", Country: "SE",
		},
	}
}

// violations is what err lists, or a failed test if it is not an *Invalid.
func violations(t *testing.T, err error) []skald.Violation {
	t.Helper()
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*skald.Invalid](err)
	if !ok {
		t.Fatalf("got %T %v, want *skald.Invalid", err, err)
	}
	return invalid.Violations
}

func fields(violations []skald.Violation) []string {
	var names []string
	for _, violation := range violations {
		names = append(names, violation.Field)
	}
	return names
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decodeStrictly reads data into target and refuses what target does not name.
func decodeStrictly(t *testing.T, data []byte, target any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		t.Fatalf("decode %s: %v", data, err)
	}
}

// golden compares data with a file under testdata, or writes it when -update is
// given. Golden files end with a newline that is not part of the data.
func golden(t *testing.T, name string, data []byte) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(bytes.Clone(data), '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(readGolden(t, name)), string(data)); diff != "" {
		t.Errorf("%s is a promise on the wire; only added fields may change it (-golden +got):\n%s", path, diff)
	}
}

func readGolden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatalf("%v (make golden writes it)", err)
	}
	return bytes.TrimSuffix(data, []byte("\n"))
}

// declared lists the values of the constants of one type in one file, as
// written, so that a list that forgot one is noticed.
func declared[T ~string](t *testing.T, file, typeName string) []T {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var values []T
	ast.Inspect(parsed, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != typeName {
			return false
		}
		for _, value := range spec.Values {
			if literal, ok := value.(*ast.BasicLit); ok {
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, T(text))
			}
		}
		return false
	})
	if len(values) == 0 {
		t.Fatalf("%s declares no constant of type %s", file, typeName)
	}
	return values
}
