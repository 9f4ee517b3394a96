package remote_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/providertest"
	"github.com/skald-saga/skald/internal/provider/remote"
	"github.com/skald-saga/skald/internal/provider/sandbox"
)

var home = skald.Address{Name: "Egil", Line1: "Borg 1", City: "Borgarnes", Country: "IS"}

func TestAServiceBehindAURLKeepsThePromisesOfAProvider(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	t.Run("payment", func(t *testing.T) {
		providertest.RunPayment(t, providertest.Payment{
			Open:     func(t *testing.T) provider.Payment { return newPayment(t, remote.Options{URL: url, Secret: secret}) },
			Approved: sandbox.TokenVisa, Declined: sandbox.TokenDeclined,
		})
	})
	t.Run("carrier", func(t *testing.T) {
		ice := home
		ice.Country = sandbox.CountryNotServed
		providertest.RunCarrier(t, providertest.Carrier{
			Open:   func(t *testing.T) provider.Carrier { return newCarrier(t, remote.Options{URL: url, Secret: secret}) },
			Served: home, Unserved: ice,
		})
	})
}

func TestARefundRefusedForGoodIsARefusalBehindAURLToo(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	payment := newPayment(t, remote.Options{URL: url + "/", Secret: secret})
	if _, err := payment.Charge(t.Context(), chargeOf("order-1:charge_payment", sandbox.TokenRefundRefused)); err != nil {
		t.Fatal(err)
	}
	_, err := payment.Refund(t.Context(), "order-1:charge_payment")
	if refused, ok := skald.AsRefused(err); !ok || refused.Code != skald.CodeRefundRefused {
		t.Fatalf("got %v, want %s", err, skald.CodeRefundRefused)
	}
}

func TestCallsOneAfterTheOtherShareOneConnection(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	c, _ := serve(t)
	server := httptest.NewUnstartedServer(c.handler())
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	payment := newPayment(t, remote.Options{URL: server.URL, Secret: secret})
	for range 20 {
		if _, err := payment.Lookup(t.Context(), "order-1:charge_payment"); err != nil {
			t.Fatal(err)
		}
	}
	if n := opened.Load(); n != 1 {
		t.Fatalf("20 calls opened %d connections, want 1", n)
	}
}

func TestASecretTravelsOverTLSThatIsVerified(t *testing.T) {
	t.Parallel()
	c, _ := serve(t)
	server := httptest.NewUnstartedServer(c.handler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake below is expected
	server.StartTLS()
	t.Cleanup(server.Close)
	record, err := newPayment(t, remote.Options{URL: server.URL, Secret: secret, Client: server.Client()}).Lookup(t.Context(), "k")
	if err != nil || record.State != provider.StateUnknown {
		t.Fatalf("got %+v, %v over a certificate that is trusted", record, err)
	}
	if _, err := newPayment(t, remote.Options{URL: server.URL, Secret: secret}).Lookup(t.Context(), "k"); err == nil {
		t.Fatal("a certificate that nobody vouches for was accepted")
	}
}

func TestOptionsThatCannotBeUsedAreNamedWithTheirBounds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options remote.Options
		want    string
	}{
		"nothing":      {remote.Options{}, "payment provider: URL must be http:// or https:// with a host"},
		"other scheme": {remote.Options{URL: "ftp://pay.example"}, "payment provider: URL must be http:// or https:// with a host"},
		"password":     {remote.Options{URL: "https://me:hush@pay.example"}, "payment provider: URL must have no user, query or fragment: the secret is a setting of its own"},
		"query":        {remote.Options{URL: "https://pay.example?token=hush"}, "payment provider: URL must have no user, query or fragment: the secret is a setting of its own"},
		"secret": {
			remote.Options{URL: "https://pay.example", Secret: "hush"},
			`payment provider: Secret must be "whsec_" and the base64 of 24 to 64 bytes, or two such with a space between`,
		},
		"bounds": {
			remote.Options{URL: "https://pay.example", Timeout: time.Hour, MaxResponseBytes: 1},
			"payment provider: Timeout is 1h0m0s, must be 10ms to 1m0s\nMaxResponseBytes is 1, must be 1024 to 1048576",
		},
	} {
		if _, err := remote.NewPayment(test.options); err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

func chargeOf(key, token string) provider.ChargeRequest {
	return provider.ChargeRequest{
		Key: key, OrderID: "order-1", Token: token, Amount: skald.Money{Minor: 1234, Currency: "EUR"},
	}
}

func newPayment(t *testing.T, o remote.Options) *remote.Payment {
	t.Helper()
	payment, err := remote.NewPayment(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(payment.Close)
	return payment
}

func newCarrier(t *testing.T, o remote.Options) *remote.Carrier {
	t.Helper()
	carrier, err := remote.NewCarrier(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(carrier.Close)
	return carrier
}
