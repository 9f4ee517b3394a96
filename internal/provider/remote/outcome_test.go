package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/remote"
)

const key = "order-1.2:charge_payment"

// operations are all calls of both ports, with their results in words: a
// reference, "refused …", "voided", "other request", "cannot void", a state, or
// "unknown" for an error that proves nothing.
var operations = map[string]func(context.Context, ports) string{
	"charge": func(ctx context.Context, p ports) string {
		return inWords(p.payment.Charge(ctx, chargeOf(key, "tok_visa")))
	},
	"refund":       func(ctx context.Context, p ports) string { return inWords(p.payment.Refund(ctx, key)) },
	"voidCharge":   func(ctx context.Context, p ports) string { return recordInWords(p.payment.Void(ctx, key)) },
	"lookupCharge": func(ctx context.Context, p ports) string { return recordInWords(p.payment.Lookup(ctx, key)) },
	"book": func(ctx context.Context, p ports) string {
		return inWords(p.carrier.Book(ctx, provider.BookRequest{
			Key: key, OrderID: "order-1", ShipTo: home, Items: []skald.Quantity{{SKU: "boat", Quantity: 1}},
		}))
	},
	"cancel":        func(ctx context.Context, p ports) string { return inWords(p.carrier.Cancel(ctx, key)) },
	"voidBooking":   func(ctx context.Context, p ports) string { return recordInWords(p.carrier.Void(ctx, key)) },
	"lookupBooking": func(ctx context.Context, p ports) string { return recordInWords(p.carrier.Lookup(ctx, key)) },
}

type ports struct {
	payment *remote.Payment
	carrier *remote.Carrier
}

func open(t *testing.T, o remote.Options) ports {
	t.Helper()
	return ports{payment: newPayment(t, o), carrier: newCarrier(t, o)}
}

// families are the operations that ask the same kind of question.
var families = map[string][]string{
	"do":     {"charge", "book"},
	"undo":   {"refund", "cancel"},
	"void":   {"voidCharge", "voidBooking"},
	"lookup": {"lookupCharge", "lookupBooking"},
}

const nothing = "unknown"

func TestAnAnswerProvesExactlyWhatTheContractSays(t *testing.T) {
	t.Parallel()
	refusal, voided := `{"code":"card_declined","message":"no"}`, `{"code":"voided","message":"closed"}`
	for _, test := range []struct {
		status                 int
		body                   string
		do, undo, void, lookup string
	}{
		{200, `{"reference":"r-1"}`, "r-1", "r-1", nothing, nothing},
		{201, `{"reference":"r-1","more":true}`, "r-1", "r-1", nothing, nothing},
		{200, `{"state":"done","reference":"r-1"}`, "r-1", nothing, "done r-1", "done r-1"},
		{200, `{"state":"undone","reference":"r-1"}`, nothing, "r-1", "undone r-1", "undone r-1"},
		{200, `{"state":"voided"}`, nothing, nothing, "voided", "voided"},
		{200, `{"state":"refused","code":"card_declined","message":"no"}`, nothing, nothing, nothing, "refused card_declined: no"},
		{200, `{"state":"refused"}`, nothing, nothing, nothing, nothing},
		{200, `{"state":"unknown"}`, nothing, nothing, nothing, nothing},
		{200, `{"state":"done"}`, nothing, nothing, nothing, nothing},
		{200, `{"state":"pending","reference":"r-1"}`, nothing, nothing, nothing, nothing},
		{200, `{"reference":"` + strings.Repeat("r", 201) + `"}`, nothing, nothing, nothing, nothing},
		{200, `{"reference":"r\u0000"}`, nothing, nothing, nothing, nothing},
		{200, `{"reference":7}`, nothing, nothing, nothing, nothing},
		{200, `{"state":"voided"} {"state":"voided"}`, nothing, nothing, nothing, nothing},
		{200, ``, nothing, nothing, nothing, nothing},
		{200, `null`, nothing, nothing, nothing, nothing},
		{200, `<html>Please log in</html>`, nothing, nothing, nothing, nothing},
		{201, `{"state":"voided"}`, nothing, nothing, nothing, nothing},
		{202, `{"state":"done","reference":"r-1"}`, nothing, nothing, nothing, nothing},
		{204, ``, nothing, nothing, nothing, nothing},
		{422, refusal, "refused card_declined: no", "refused card_declined: no", nothing, nothing},
		{422, `{"code":"card_declined","message":"no\u0000way\n"}`, "refused card_declined: no way ", "refused card_declined: no way ", nothing, nothing},
		{422, `{"detail":[{"msg":"field required"}]}`, nothing, nothing, nothing, nothing},
		{422, `{"code":"card_declined"}`, nothing, nothing, nothing, nothing},
		{422, `{"code":"Card Declined","message":"no"}`, nothing, nothing, nothing, nothing},
		{422, ``, nothing, nothing, nothing, nothing},
		{409, voided, "voided", nothing, nothing, nothing},
		{409, `{"code":"other_request","message":"used"}`, "other request", nothing, nothing, nothing},
		{409, `{"code":"nothing_done","message":"no"}`, nothing, nothing, nothing, nothing},
		{409, ``, nothing, nothing, nothing, nothing},
		{404, `{"code":"unknown_key","message":"never seen"}`, nothing, nothing, nothing, "unknown key"},
		{404, `404 page not found`, nothing, nothing, nothing, nothing},
		{404, `{"message":"no such route"}`, nothing, nothing, nothing, nothing},
		{405, ``, nothing, nothing, "cannot void", nothing},
		{501, `{"code":"cannot_void","message":"no"}`, nothing, nothing, "cannot void", nothing},
		{400, refusal, nothing, nothing, nothing, nothing},
		{401, refusal, nothing, nothing, nothing, nothing},
		{402, refusal, nothing, nothing, nothing, nothing},
		{403, refusal, nothing, nothing, nothing, nothing},
		{408, refusal, nothing, nothing, nothing, nothing},
		{410, voided, nothing, nothing, nothing, nothing},
		{429, refusal, nothing, nothing, nothing, nothing},
		{500, refusal, nothing, nothing, nothing, nothing},
		{502, ``, nothing, nothing, nothing, nothing},
		{503, voided, nothing, nothing, nothing, nothing},
		{504, ``, nothing, nothing, nothing, nothing},
	} {
		t.Run(fmt.Sprintf("%d %s", test.status, test.body), func(t *testing.T) {
			t.Parallel()
			p := open(t, remote.Options{URL: answering(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})})
			for family, want := range map[string]string{"do": test.do, "undo": test.undo, "void": test.void, "lookup": test.lookup} {
				for _, operation := range families[family] {
					if got := operations[operation](t.Context(), p); got != want {
						t.Errorf("%s: got %q, want %q", operation, got, want)
					}
				}
			}
		})
	}
}

func TestAnAnswerThatNeverCameProvesNothing(t *testing.T) {
	t.Parallel()
	long := `{"state":"done","reference":"r-1","more":"` + strings.Repeat("m", 2048) + `"}`
	for name, answer := range map[string]http.HandlerFunc{
		"too late":              func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"broken off":            func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"longer than it may be": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) },
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"state":"done","reference":"r-1"}`)
		},
		"late in its body": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"state":"done","reference":"r-1"`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, remote.Options{URL: answering(t, answer), Timeout: 50 * time.Millisecond, MaxResponseBytes: 1024})
			wantNothing(t, p)
		})
	}
}

func TestAServiceThatIsNotThereProvesNothing(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	wantNothing(t, open(t, remote.Options{URL: server.URL}))
}

// A redirect would take a token or an address to where nobody configured it.
func TestARedirectIsNotFollowedAndProvesNothing(t *testing.T) {
	t.Parallel()
	elsewhere := answering(t, func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was redirected", r.Method, r.URL.Path)
		_, _ = io.WriteString(w, `{"state":"done","reference":"r-1"}`)
	})
	for _, status := range []int{301, 302, 303, 307, 308} {
		wantNothing(t, open(t, remote.Options{URL: answering(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere, status)
		})}))
	}
}

func TestACallEndsWithItsCallersTime(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	p := open(t, remote.Options{Timeout: time.Minute, URL: answering(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if _, err := p.payment.Charge(ctx, chargeOf(key, "tok_visa")); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the caller's reason", err)
	}
}

func TestAKeyThatCouldComeOutOtherwiseIsNeverSent(t *testing.T) {
	t.Parallel()
	payment := newPayment(t, remote.Options{URL: answering(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was sent", r.URL)
	})})
	for _, key := range []string{"", ".", "..", "../charges", "a/b", "a b", "a\nb", "ø", strings.Repeat("k", 201)} {
		if _, err := payment.Void(t.Context(), key); err == nil || !strings.Contains(err.Error(), "the key must match") {
			t.Errorf("%q: got %v, want that the key cannot be used", key, err)
		}
	}
}

// What is sent is a promise on the wire.
func TestEachOperationIsTheRequestOfTheContract(t *testing.T) {
	t.Parallel()
	var got []string
	p := open(t, remote.Options{URL: answering(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Method, r.URL.EscapedPath(), r.Header.Get("Idempotency-Key"), body)))
	}) + "/v1/"})
	for _, operation := range []string{"charge", "refund", "voidCharge", "lookupCharge", "book", "cancel", "voidBooking", "lookupBooking"} {
		operations[operation](t.Context(), p)
	}
	want := []string{
		`POST /v1/charges order-1.2:charge_payment {"order_id":"order-1","amount":{"amount":"12.34","currency":"EUR"},"token":"tok_visa"}`,
		`POST /v1/charges/order-1.2:charge_payment/refund order-1.2:charge_payment`,
		`POST /v1/charges/order-1.2:charge_payment/void order-1.2:charge_payment`,
		`GET /v1/charges/order-1.2:charge_payment`,
		`POST /v1/bookings order-1.2:charge_payment {"order_id":"order-1","ship_to":{"name":"Egil","line1":"Borg 1","city":"Borgarnes","country":"IS"},"items":[{"sku":"boat","quantity":1}]}`,
		`POST /v1/bookings/order-1.2:charge_payment/cancel order-1.2:charge_payment`,
		`POST /v1/bookings/order-1.2:charge_payment/void order-1.2:charge_payment`,
		`GET /v1/bookings/order-1.2:charge_payment`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("requests (-want +got):\n%s", diff)
	}
}

func wantNothing(t *testing.T, p ports) {
	t.Helper()
	for name, operation := range operations {
		if got := operation(t.Context(), p); got != nothing {
			t.Errorf("%s: got %q, want an outcome that is unknown", name, got)
		}
	}
}

func answering(t *testing.T, answer http.HandlerFunc) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A server sees that its caller has gone once it has read the request.
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func inWords(reference string, err error) string {
	refused, isRefused := skald.AsRefused(err)
	switch {
	case err != nil && reference != "":
		return "both a reference and an error"
	case isRefused:
		return "refused " + refused.Error()
	case errors.Is(err, provider.ErrVoided):
		return "voided"
	case errors.Is(err, provider.ErrOtherRequest):
		return "other request"
	case errors.Is(err, provider.ErrCannotVoid):
		return "cannot void"
	case err != nil:
		return nothing
	}
	return reference
}

func recordInWords(record provider.Record, err error) string {
	if err != nil {
		if record != (provider.Record{}) {
			return "both a record and an error"
		}
		return inWords("", err)
	}
	if record.State == provider.StateUnknown {
		return "unknown key"
	}
	if record.Refusal != nil {
		return inWords("", record.Refusal)
	}
	return strings.TrimSpace(string(record.State) + " " + record.Reference)
}
