package remote_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/remote"
	"github.com/skald-saga/skald/internal/provider/sandbox"
)

// secret is of these tests; its bytes are "0123456789abcdefghijklmnopqrstuv".
const secret remote.Secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="

const secretBytes = "0123456789abcdefghijklmnopqrstuv"

// contract is the other side of the wire: it serves two ports by the contract,
// and keeps every exchange.
type contract struct {
	payment   provider.Payment
	carrier   provider.Carrier
	other     bool       // answer with the other status, where two mean the same
	trust     verifyFunc // what is taken for a good signature; nil: verify
	mu        sync.Mutex
	exchanges []exchange
}

type exchange struct {
	method, path string
	header       http.Header
	asked        []byte
	status       int
	answered     []byte
}

// serve starts a contract in front of a sandbox of its own.
func serve(t *testing.T) (*contract, string) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: databasetest.SQLite(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s, err := sandbox.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{payment: s.Payment(), carrier: s.Carrier()}
	return c, c.start(t)
}

func (c *contract) start(t *testing.T) (url string) {
	t.Helper()
	server := httptest.NewServer(c.handler())
	t.Cleanup(server.Close)
	return server.URL
}

func (c *contract) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /charges", c.signed("charge", c.charge))
	mux.Handle("POST /charges/{key}/refund", c.signed("refund", func(r *http.Request, key string, _ []byte) (int, any) {
		return undone(c.payment.Refund(r.Context(), key))
	}))
	mux.Handle("POST /charges/{key}/void", c.signed("voidCharge", func(r *http.Request, key string, _ []byte) (int, any) {
		return known(c.payment.Void(r.Context(), key))
	}))
	mux.Handle("GET /charges/{key}", c.signed("lookupCharge", func(r *http.Request, key string, _ []byte) (int, any) {
		return known(c.payment.Lookup(r.Context(), key))
	}))
	mux.Handle("POST /bookings", c.signed("book", c.book))
	mux.Handle("POST /bookings/{key}/cancel", c.signed("cancel", func(r *http.Request, key string, _ []byte) (int, any) {
		return undone(c.carrier.Cancel(r.Context(), key))
	}))
	mux.Handle("POST /bookings/{key}/void", c.signed("voidBooking", func(r *http.Request, key string, _ []byte) (int, any) {
		return known(c.carrier.Void(r.Context(), key))
	}))
	mux.Handle("GET /bookings/{key}", c.signed("lookupBooking", func(r *http.Request, key string, _ []byte) (int, any) {
		return known(c.carrier.Lookup(r.Context(), key))
	}))
	return mux
}

func (c *contract) charge(r *http.Request, key string, body []byte) (int, any) {
	var asked struct {
		OrderID string      `json:"order_id"`
		Amount  skald.Money `json:"amount"`
		Token   string      `json:"token"`
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return problem(http.StatusBadRequest, "malformed", err.Error())
	}
	return done(c.payment.Charge(r.Context(), provider.ChargeRequest{
		Key: key, OrderID: asked.OrderID, Amount: asked.Amount, Token: asked.Token,
	}))
}

func (c *contract) book(r *http.Request, key string, body []byte) (int, any) {
	var asked struct {
		OrderID string           `json:"order_id"`
		ShipTo  skald.Address    `json:"ship_to"`
		Items   []skald.Quantity `json:"items"`
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return problem(http.StatusBadRequest, "malformed", err.Error())
	}
	return done(c.carrier.Book(r.Context(), provider.BookRequest{
		Key: key, OrderID: asked.OrderID, ShipTo: asked.ShipTo, Items: asked.Items,
	}))
}

func done(reference string, err error) (int, any) {
	switch refused, isRefused := skald.AsRefused(err); {
	case isRefused:
		return problem(http.StatusUnprocessableEntity, string(refused.Code), refused.Message)
	case errors.Is(err, provider.ErrVoided):
		return problem(http.StatusConflict, "voided", "this key is closed")
	case errors.Is(err, provider.ErrOtherRequest):
		return problem(http.StatusConflict, "other_request", "this key was used for another request")
	case err != nil:
		return problem(http.StatusInternalServerError, "internal", "it went wrong")
	}
	return http.StatusCreated, map[string]string{"state": "done", "reference": reference}
}

func undone(reference string, err error) (int, any) {
	if refused, isRefused := skald.AsRefused(err); isRefused {
		return problem(http.StatusUnprocessableEntity, string(refused.Code), refused.Message)
	}
	if err != nil {
		return problem(http.StatusConflict, "nothing_done", "nothing was done under this key")
	}
	return http.StatusOK, map[string]string{"reference": reference}
}

func known(record provider.Record, err error) (int, any) {
	switch {
	case errors.Is(err, provider.ErrCannotVoid):
		return problem(http.StatusNotImplemented, "cannot_void", "there is no void")
	case err != nil:
		return problem(http.StatusInternalServerError, "internal", "it went wrong")
	case record.State == provider.StateUnknown:
		return problem(http.StatusNotFound, "unknown_key", "this key was never seen")
	case record.Refusal != nil:
		return http.StatusOK, map[string]any{"state": record.State, "code": record.Refusal.Code, "message": record.Refusal.Message}
	}
	answer := map[string]any{"state": record.State}
	if record.Reference != "" {
		answer["reference"] = record.Reference
	}
	return http.StatusOK, answer
}

func problem(status int, code, message string) (int, any) {
	return status, map[string]string{"code": code, "message": message}
}

// signed answers with run what was signed for this operation and key, and
// anything else with 401.
func (c *contract) signed(operation string, run func(r *http.Request, key string, body []byte) (int, any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.PathValue("key")
		if key == "" {
			key = r.Header.Get("Idempotency-Key")
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		status, answer := problem(http.StatusUnauthorized, "bad_signature", "the signature does not fit the request")
		trusted := c.trust
		if trusted == nil {
			trusted = verify
		}
		if trusted(r.Header, operation, key, body) {
			status, answer = run(r, key, body)
		}
		c.reply(w, r, body, status, answer)
	})
}

// synonyms are statuses that mean the same to a do, an undo or a void.
var synonyms = map[int]int{
	http.StatusOK: http.StatusCreated, http.StatusCreated: http.StatusOK, http.StatusNotImplemented: http.StatusMethodNotAllowed,
}

func (c *contract) reply(w http.ResponseWriter, r *http.Request, asked []byte, status int, answer any) {
	text, err := json.Marshal(answer)
	if err != nil {
		panic(err) // strings always encode
	}
	if same, ok := synonyms[status]; ok && c.other && (r.Method == http.MethodPost && !strings.HasSuffix(r.URL.Path, "/void") || status == http.StatusNotImplemented) {
		status = same
	}
	c.mu.Lock()
	c.exchanges = append(c.exchanges, exchange{r.Method, r.URL.Path, r.Header, bytes.Clone(asked), status, text})
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // who asked may have gone
}

type verifyFunc func(header http.Header, operation, key string, body []byte) bool

// verify is written against the text of Standard Webhooks, not against sign.
func verify(header http.Header, operation, key string, body []byte) bool {
	return isRecent(header.Get("webhook-timestamp")) && verifyAtAnyTime(header, operation, key, body)
}

func verifyAtAnyTime(header http.Header, operation, key string, body []byte) bool {
	id := fmt.Sprintf("%s_%x", operation, sha256.Sum256([]byte(key)))
	return header.Get("webhook-id") == id && verifyAnyID(header, operation, key, body)
}

// verifyAnyID is what a library does that does not know what the ID stands for.
func verifyAnyID(header http.Header, _, _ string, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(secretBytes))
	mac.Write([]byte(header.Get("webhook-id") + "." + header.Get("webhook-timestamp") + "." + string(body)))
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return slices.Contains(strings.Fields(header.Get("webhook-signature")), want)
}

func isRecent(timestamp string) bool {
	at, err := strconv.ParseInt(timestamp, 10, 64)
	return err == nil && time.Since(time.Unix(at, 0)).Abs() < 5*time.Minute
}
