package schema_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/schema"
)

// payloads is the data of every kind.
func payloads() []skald.Payload {
	return []skald.Payload{
		skald.OrderPlaced{},
		skald.OrderCancelRequested{},
		skald.StockReserved{},
		skald.PaymentCharged{},
		skald.ShipmentScheduled{},
		skald.OrderConfirmed{},
		skald.OrderRejected{},
		skald.OrderFailed{},
		skald.OrderCancelled{},
		skald.OrderNeedsAttention{},
		skald.IncidentResolved{},
		skald.StockReceived{},
		skald.CompensationStarted{},
		skald.ShipmentCancelled{},
		skald.PaymentRefunded{},
		skald.StockReleased{},
		skald.CompensationFailed{},
		skald.CompensationSkipped{},
		skald.CompensationCompleted{},
	}
}

// document is one schema and the path it is served at.
type document struct {
	ref    string
	kind   skald.Kind
	input  bool
	schema object
}

// documents are all schemas, as the code says that they are.
func documents(t *testing.T) []document {
	t.Helper()
	words := readSource(t)
	var all []document
	for _, payload := range payloads() {
		kind := payload.Kind()
		all = append(all, generator{words, published()}.document(payload, schema.Ref(kind), false))
		if ref := schema.InputRef(kind); ref != "" {
			all = append(all, generator{words, input(kind)}.document(payload, ref, true))
		}
	}
	return all
}

// generator writes Go types as JSON Schema.
type generator struct {
	words source
	form  form
}

func (g generator) document(payload skald.Payload, ref string, isInput bool) document {
	head := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", ref},
		{"title", string(payload.Kind())},
	}
	if isInput {
		head[2].value = string(payload.Kind()) + ", as other programs send it"
	}
	body := g.schema(reflect.TypeOf(payload), "")
	return document{ref: ref, kind: payload.Kind(), input: isInput, schema: append(head, body...)}
}

var moneyType = reflect.TypeFor[skald.Money]()

// schema is that of one type. remark is what the field that has it says.
func (g generator) schema(of reflect.Type, remark string) object {
	switch {
	case of == moneyType:
		return g.money()
	case of.Kind() == reflect.Pointer:
		return g.schema(of.Elem(), remark)
	case of.Kind() == reflect.Struct:
		return g.structure(of)
	case of.Kind() == reflect.Slice:
		return described("array", remark).with("items", g.schema(of.Elem(), ""))
	case of.Kind() == reflect.Int64:
		return described("integer", remark)
	case of.Kind() == reflect.String:
		return g.text(of, remark)
	}
	panic(fmt.Sprintf("no payload had a %s before: say here how its schema is written", of))
}

func described(typeName, description string) object {
	if description == "" {
		return object{{"type", typeName}}
	}
	return object{{"description", description}, {"type", typeName}}
}

// money is written by hand because Money writes its JSON by hand.
func (g generator) money() object {
	return described("object", "An exact amount, with as many decimals as ISO 4217 gives the currency.").
		with("properties", object{
			{"amount", object{{"type", "string"}, {"pattern", decimal}}},
			{"currency", described("string", g.words.types["Currency"]).with("pattern", `^[A-Z]{3}$`)},
		}).
		with("required", []string{"amount", "currency"}).
		with("additionalProperties", !g.form.closed)
}

func (g generator) structure(of reflect.Type) object {
	properties, required := object{}, []string{}
	for field := range of.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		path := of.Name() + "." + name
		if !g.form.has(path) {
			continue
		}
		property := g.schema(field.Type, g.words.fields[of.Name()+"."+field.Name])
		properties = append(properties, member{name, append(property, g.form.limits[path]...)})
		if g.form.requires(path, options == "omitempty") {
			required = append(required, name)
		}
	}
	return described("object", g.words.types[of.Name()]).
		with("properties", properties).
		with("required", required).
		with("additionalProperties", !g.form.closed)
}

// text names the values of a type that has constants, and leaves room for more.
func (g generator) text(of reflect.Type, remark string) object {
	if remark == "" && of.PkgPath() != "" {
		remark = g.words.types[of.Name()]
	}
	known := g.words.known[of.Name()]
	if len(known) == 0 {
		return described("string", remark)
	}
	remark, values := listed(remark, known)
	return described("string", remark).with("examples", values)
}

func listed(remark string, known []constant) (description string, values []string) {
	var names []string
	for _, one := range known {
		name := "`" + one.value + "`"
		if one.comment != "" {
			name += " (" + one.comment + ")"
		}
		names, values = append(names, name), append(values, one.value)
	}
	return strings.TrimSuffix(remark, ".") + ". Known values, more may come: " + strings.Join(names, ", ") + ".", values
}
