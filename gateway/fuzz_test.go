package gateway_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/skald-saga/skald/gateway"
)

// Whatever the bytes are, the answer is an accepted order that the domain finds
// valid, or a problem; and an accepted order written otherwise is the same
// request.
func FuzzABodyIsAValidOrderOrAProblem(f *testing.F) {
	f.Add([]byte(orderBody))
	f.Add([]byte(strings.Replace(orderBody, `"id":"order-1",`, "", 1)))
	f.Add([]byte(strings.Replace(orderBody, "EUR", "JPY", 1)))
	f.Add([]byte(`{"items":[{}],"payment":null,"ship_to":[]}`))
	f.Add([]byte(`{"id":"a","id":"b"}`))
	f.Add([]byte("\xff{}"))
	var asked accepts
	g := open(f, gateway.Options{Orders: fakeOrders{place: asked.place}})
	f.Fuzz(func(t *testing.T, body []byte) {
		response := send(g, http.MethodPost, "/v1/orders", string(body), "Idempotency-Key", "key-1", "Content-Type", "application/json")
		switch response.StatusCode {
		case http.StatusAccepted:
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
			if p := decode[gateway.Problem](t, response); p.Status != response.StatusCode || p.Detail == "" {
				t.Fatalf("%+v", p)
			}
			return
		default:
			t.Fatalf("%s: %s", response.Status, response.Body)
		}
		if err := asked.order.Validate(); err != nil {
			t.Fatalf("accepted an order that is not valid: %v", err)
		}
		hash := asked.with.Key.BodyHash
		var indented bytes.Buffer
		if err := json.Indent(&indented, body, "\t", "  "); err != nil {
			t.Fatalf("accepted a body that is not JSON: %v", err)
		}
		if response := send(g, http.MethodPost, "/v1/orders", indented.String(), "Idempotency-Key", "key-1"); response.StatusCode != http.StatusAccepted {
			if indented.Len() > gateway.DefaultMaxBodyBytes {
				return
			}
			t.Fatalf("refused when indented: %s", response.Status)
		}
		if asked.with.Key.BodyHash != hash {
			t.Fatal("another hash when indented")
		}
	})
}
