package remote_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/provider/remote"
)

// The known answer that the libraries of Standard Webhooks test themselves with.
func TestTheSignatureIsThatOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := remote.Signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

// The example in docs/providers.md, for who writes the other side.
func TestGoldenASignedRequestLooksAsTheDocsShowIt(t *testing.T) {
	t.Parallel()
	var got http.Header
	payment := newPayment(t, remote.Options{Secret: secret, URL: answering(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r.Header
	})})
	payment.SetClock(func() time.Time { return time.Unix(1_700_000_000, 0) })
	_, _ = payment.Charge(t.Context(), chargeOf("order-1:charge_payment", "tok_visa")) // its answer is not the point
	want := map[string]string{
		"Idempotency-Key":   "order-1:charge_payment",
		"Content-Type":      "application/json",
		"Webhook-Id":        "charge_24b669edbbc86d95f97644ed3e7c28a3c6f2431e1f7a6b792b3c02ecd9616b5d",
		"Webhook-Timestamp": "1700000000",
		"Webhook-Signature": "v1,tvHYDp4LBmvzhNn39r+FIopk7pY6xFol7zRThq9+Enk=",
	}
	page := readDocs(t, "providers.md")
	for name, value := range want {
		if diff := cmp.Diff([]string{value}, got[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if line := strings.ToLower(name) + ": " + value; !strings.Contains(page, line) {
			t.Errorf("docs/providers.md lacks %q", line)
		}
	}
}

func TestWhileASecretIsReplacedBothSign(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	other := "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("n"), 32))
	for name, test := range map[string]struct {
		secret remote.Secret
		ok     bool
	}{
		"the old one": {secret, true}, "the new one alone": {remote.Secret(other), false},
		"new and old": {remote.Secret(other + " " + string(secret)), true}, "none": {"", false},
	} {
		_, err := newPayment(t, remote.Options{URL: url, Secret: test.secret}).Lookup(t.Context(), key)
		if (err == nil) != test.ok {
			t.Errorf("%s: got %v, want success %t", name, err, test.ok)
		}
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	options := remote.Options{URL: "https://pay.example", Secret: secret}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("configured", "options", options, "secret", options.Secret)
	slog.New(slog.NewTextHandler(&log, nil)).Info("configured", "options", options, "secret", options.Secret)
	encoded, err := json.Marshal(struct{ Secret remote.Secret }{secret})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(options), fmt.Sprintf("%+v %#v %s %q", options, options, options.Secret, options.Secret), string(encoded), log.String(),
	} {
		if strings.Contains(text, secretBytes) || strings.Contains(text, strings.TrimPrefix(string(secret), "whsec_")) || !strings.Contains(text, "***") {
			t.Errorf("printed as %s", text)
		}
	}
}

// Errors go to logs, to Temporal's history and to screens.
func TestAnErrorHoldsNeitherSecretNorPathNorRequest(t *testing.T) {
	t.Parallel()
	dead := answering(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	garbage := answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`tok_secret <html>`)) })
	gone := "http://127.0.0.1:1"
	for _, url := range []string{dead, garbage, gone} {
		payment := newPayment(t, remote.Options{URL: url + "/hidden-path", Secret: secret})
		_, chargeErr := payment.Charge(t.Context(), chargeOf(key, "tok_secret"))
		_, voidErr := payment.Void(t.Context(), key)
		for _, err := range []error{chargeErr, voidErr} {
			if err == nil {
				t.Fatal("it succeeded")
			}
			for _, hidden := range []string{"hidden-path", "tok_secret", "whsec", strings.TrimPrefix(string(secret), "whsec_"), key} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("%q holds %q", err, hidden)
				}
			}
			if !strings.Contains(err.Error(), "payment provider at 127.0.0.1:") {
				t.Errorf("%q does not say who failed", err)
			}
		}
	}
}
