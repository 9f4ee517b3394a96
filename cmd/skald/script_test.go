package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"skald": main})
}

// The scripts in testdata/script are the command line as its user types it.
// SKALD_SERVER answers as skald's API would and writes what it was asked into
// requests.txt; BUSY_PORT is taken; NOBODY is an address where nobody listens.
func TestTheCommandLineBehavesAsItsScriptsSay(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), Setup: setUp, UpdateScripts: *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exitcode": exitCode},
	})
}

// exitCode is the script command "exitcode N ARGS…": skald must end with N.
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("skald", args[1:]...)
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || strconv.Itoa(exit.ExitCode()) != args[0] {
		ts.Fatalf("skald %v ended with %v, want exit code %s", args[1:], err, args[0])
	}
}

func setUp(env *testscript.Env) error {
	api := httptest.NewServer(&standIn{log: filepath.Join(env.WorkDir, "requests.txt")})
	env.Defer(api.Close)
	busy, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	env.Defer(func() { _ = busy.Close() }) // it only held the port
	nobody, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	env.Setenv("SKALD_SERVER", api.URL)
	_, port, err := net.SplitHostPort(busy.Addr().String())
	if err != nil {
		return err
	}
	env.Setenv("BUSY_PORT", port)
	env.Setenv("NOBODY", nobody.Addr().String())
	return nobody.Close()
}

// standIn answers like the gateway, from nothing but the request.
type standIn struct {
	mu    sync.Mutex
	log   string
	asked []byte
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	if r.ContentLength > 0 && json.NewDecoder(r.Body).Decode(&body) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.write(r, body)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v1/orders":
		s.place(w, r, body)
	case r.URL.Path == "/v1/orders":
		answer(w, `{"orders":[%s],"next_cursor":"c2"}`, orderJSON)
	case r.URL.Path == "/v1/orders/ord_1":
		w.Header().Set("ETag", `"2-17"`)
		answer(w, "%s", orderJSON)
	case r.URL.Path == "/v1/orders/ord_1/events":
		answer(w, "%s", eventsJSON)
	case operators[r.URL.Path] != "":
		s.operate(w, r)
	case strings.HasSuffix(r.URL.Path, "/receipts"):
		answer(w, `{"sku":"mug","on_hand":%v,"received":%v}`, body["quantity"], body["quantity"])
	case r.URL.Path == "/v1/stock":
		answer(w, `{"stock":[{"sku":"mug","on_hand":7,"reserved":2,"shipped":1,"received":10}]}`)
	default:
		refuse(w, http.StatusNotFound, "not_found", "There is none with this ID.")
	}
}

func (s *standIn) place(w http.ResponseWriter, r *http.Request, body map[string]any) {
	if r.Header.Get("Idempotency-Key") == "used-before" {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	w.WriteHeader(http.StatusAccepted)
	answer(w, `{"id":"ord_2","status":"accepted","customer_id":%q,"total":{"amount":"25.00","currency":%q}}`,
		body["customer_id"], body["currency"])
}

// operators are the answers to requests about one thing each.
var operators = map[string]string{
	"/v1/orders/ord_1/cancel-plan": `{"order_id":"ord_1","status":"processing","cancellable":true,"undos":[` +
		`{"undo":"cancel_shipping","step":"schedule_shipping","effect":"nothing"},` +
		`{"undo":"refund_payment","step":"charge_payment","effect":"settle"},{"undo":"release_stock","step":"reserve_stock","effect":"undo"}]}`,
	"/v1/orders/ord_5/cancel-plan":       `{"order_id":"ord_5","status":"confirmed","cancellable":false,"reason":"it has ended","undos":[]}`,
	"/v1/orders/ord_1/cancel":            `{"id":"ord_1","status":"processing","customer_id":"customer-7","total":{"amount":"25.00","currency":"EUR"},"cancel_requested":true}`,
	"/v1/orders/ord_5/cancel":            `cancel_refused`,
	"/v1/orders/ord_6/cancel":            `changed`,
	"/v1/incidents":                      `{"incidents":[` + incidentJSON + `],"next_cursor":"c2"}`,
	"/v1/incidents/ord_1/refund_payment": incidentJSON,
	"/v1/incidents/ord_5/refund_payment": `incident_decided`,
	"/v1/dead-letters":                   `{"dead_letters":[{` + letterJSON + `}]}`,
	"/v1/dead-letters/0-17": `{` + letterJSON + `,"key":"b3JkXzE=","value":"bm8gb3JkZXI=","text":"no order","headers":[{"key":"trace","value":"eHk="}],` +
		`"verdict":{"state":"replayed","actor":"ada","reason":"mended","at":"2026-11-22T13:00:00Z"}}`,
	"/v1/dead-letters/replay":  `{"dry_run":false,"planned":2,"replayed":1,"reasons":[{"reason":"schema","planned":2,"replayed":1,"discarded":0}],"skipped":[{"why":"replay_cap","reason":"schema","count":1,"letters":["0-18"]}],"more":true}`,
	"/v1/dead-letters/discard": `busy`,
	"/readyz":                  `{"state":"degraded","dependencies":{"database":{"state":"up","required":true},"kafka":{"state":"down","required":false}}}`,
}

// operate gives an answer that is no JSON as a problem with that code.
func (s *standIn) operate(w http.ResponseWriter, r *http.Request) {
	said := operators[r.URL.Path]
	if strings.HasPrefix(said, "{") {
		answer(w, "%s", said)
		return
	}
	refuse(w, http.StatusConflict, said, "It is not done.")
}

func refuse(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	answer(w, `{"code":%q,"detail":%q}`, code, detail)
}

// write leaves out a key that was made up, which no script could know.
func (s *standIn) write(r *http.Request, body map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err) // it was decoded from JSON
	}
	key := r.Header.Get("Idempotency-Key")
	if len(key) == len("00000000-0000-0000-0000-000000000000") {
		key = "GENERATED"
	}
	s.asked = fmt.Appendf(s.asked, "%s %s key=%s%s %s\n", r.Method, r.URL, key, s.preferences(r), encoded)
	if err := os.WriteFile(s.log, s.asked, 0o600); err != nil {
		panic(err) // the script would only miss a line
	}
}

// preferences are the headers that say how, if there are any.
func (s *standIn) preferences(r *http.Request) (text string) {
	for _, name := range []string{"If-Match", "Prefer"} {
		if value := r.Header.Get(name); value != "" {
			text += fmt.Sprintf(" %s=%s", name, value)
		}
	}
	return text
}

// answer ignores a client that went away: the script sees that.
func answer(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

const (
	incidentJSON = `{"order_id":"ord_1","undo":"refund_payment","open":true,"code":"refund_refused","message":"the account is closed","refusals":2,` +
		`"opened_at":"2026-11-22T12:00:00Z","age_seconds":3700}`
	letterJSON = `"id":"0-17","order_id":"ord_1","reason":"schema","stage":"decode","message":"value is not JSON","parked_at":"2026-11-22T12:00:00Z",` +
		`"attempts":1,"replay_count":2,"source":{"topic":"skald.orders.v1","partition":3,"offset":4},"value_bytes":8,"state":"parked"`
	orderJSON = `{"id":"ord_1","status":"rejected","customer_id":"customer-7","total":{"amount":"25.00","currency":"EUR"},` +
		`"cause":{"kind":"refused","step":"charge_payment","code":"card_declined"},"created_at":"2026-11-22T12:00:00Z",` +
		`"links":{"self":"/v1/orders/ord_1","events":"/v1/orders/ord_1/events","saga":"http://127.0.0.1:8233/saga"}}`
	eventsJSON = `{"order_id":"ord_1","events":[` +
		`{"id":"e1","kind":"order.placed","sequence":1,"time":"2026-11-22T12:00:00Z","data":{"id":"ord_1","items":[{"sku":"mug","quantity":2}],"total":{"amount":"25.00","currency":"EUR"}}},` +
		`{"id":"e2","kind":"stock.released","sequence":2,"time":"2026-11-22T12:00:00.02Z","data":{"items":[{"sku":"mug","quantity":2}]}}]}`
)
