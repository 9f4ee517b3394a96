package kafka_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/kafka"
)

// bearerBroker is a broker that takes one initial response of one mechanism: kfake
// has no OAUTHBEARER, and refuses nobody in words.
type bearerBroker struct {
	*kfake.Cluster
	mu               sync.Mutex
	mechanism, takes string // takes is empty for anything
	lifetime         int64
	seen             []string
}

func bearer(t *testing.T) *bearerBroker {
	t.Helper()
	b := &bearerBroker{Cluster: cluster(t, plainly, kfake.SeedTopics(1, "a"))}
	b.ControlKey(int16(kmsg.SASLHandshake), func(request kmsg.Request) (kmsg.Response, error, bool) {
		b.KeepControl()
		response := request.ResponseKind().(*kmsg.SASLHandshakeResponse) //nolint:forcetypeassert // by its key
		b.mu.Lock()
		defer b.mu.Unlock()
		response.SupportedMechanisms = []string{b.mechanism}
		if request.(*kmsg.SASLHandshakeRequest).Mechanism != b.mechanism { //nolint:forcetypeassert // by its key
			response.ErrorCode = kerr.UnsupportedSaslMechanism.Code
		}
		return response, nil, true
	})
	b.ControlKey(int16(kmsg.SASLAuthenticate), func(request kmsg.Request) (kmsg.Response, error, bool) {
		b.KeepControl()
		response := request.ResponseKind().(*kmsg.SASLAuthenticateResponse)    //nolint:forcetypeassert // by its key
		shown := string(request.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes) //nolint:forcetypeassert // by its key
		b.mu.Lock()
		defer b.mu.Unlock()
		b.seen = append(b.seen, shown)
		response.SessionLifetimeMillis = b.lifetime
		switch {
		case b.takes == "" || shown == b.takes:
		case b.mechanism == "OAUTHBEARER" && shown != "\x01": // RFC 7628, 3.2.3: what is wrong comes before the refusal
			response.SASLAuthBytes = []byte(`{"status":"invalid_token"}`)
		default:
			response.ErrorCode, response.ErrorMessage = kerr.SaslAuthenticationFailed.Code, new("invalid credentials")
		}
		return response, nil, true
	})
	return b
}

func (b *bearerBroker) accept(mechanism, initial string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mechanism, b.takes = mechanism, initial
}

func (b *bearerBroker) acceptToken(token string) {
	b.accept("OAUTHBEARER", "n,,\x01auth=Bearer "+token+"\x01\x01")
}

func TestATokensFileIsReadAtEachAuthentication(t *testing.T) {
	t.Parallel()
	broker := bearer(t)
	file := filepath.Join(t.TempDir(), "token")
	o := kafka.Options{Brokers: broker.ListenAddrs(), Security: kafka.Security{
		Mechanism: kafka.MechanismOAuthBearer, Token: credential.SecretFile(file),
	}}
	for _, token := range []string{"first", "second"} {
		broker.acceptToken(token)
		put(t, file, token+"\n")
		if err := kafka.Reach(deadline(t), o); err != nil {
			t.Errorf("with the %s token: %v", token, err)
		}
	}
	broker.acceptToken("third")
	wantRefused(t, o, credential.KindWrong)
}

// A broker ends a session with its token, and one connection lives longer.
func TestABrokerThatAsksAgainGetsTheTokenOfThatTime(t *testing.T) {
	t.Parallel()
	broker := bearer(t)
	broker.lifetime = 1 // ms: every request authenticates anew
	file := filepath.Join(t.TempDir(), "token")
	client, err := kafka.NewClient(kafka.Options{Brokers: broker.ListenAddrs(), Security: kafka.Security{
		Mechanism: kafka.MechanismOAuthBearer, Token: credential.SecretFile(file),
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, token := range []string{"first", "second"} {
		broker.acceptToken(token)
		put(t, file, token)
		if err := client.Ping(deadline(t)); err != nil {
			t.Errorf("with the %s token: %v", token, err)
		}
	}
}

// issuer is a token endpoint of one client.
type issuer struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	asked  []string
	status int
	life   int
}

func issue(t *testing.T, start func(http.Handler) *httptest.Server) *issuer {
	t.Helper()
	i := &issuer{secret: password, life: 3600}
	i.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		id, secret, _ := r.BasicAuth()
		if id == "" {
			id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
		}
		i.asked = append(i.asked, id+" "+r.FormValue("grant_type")+" "+r.FormValue("scope"))
		w.Header().Set("Content-Type", "application/json")
		switch {
		case i.status != 0:
			w.WriteHeader(i.status)
		case id != "skald" || secret != i.secret:
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":"no client has the secret %s"}`, secret)
		default:
			_, _ = fmt.Fprintf(w, `{"access_token":"issued-%d","token_type":"Bearer","expires_in":%d}`, len(i.asked), i.life)
		}
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) security() kafka.Security {
	return kafka.Security{
		Mechanism: kafka.MechanismOAuthBearer, User: "skald", Password: credential.NewSecret(password),
		TokenURL: i.URL + "/token", Scopes: []string{"kafka", "orders"},
	}
}

func TestTokensComeFromTheEndpointAndAreKeptForTheNextConnection(t *testing.T) {
	t.Parallel()
	endpoint, broker := issue(t, httptest.NewServer), bearer(t)
	broker.acceptToken("issued-1")
	broker.lifetime = 1
	client, err := kafka.NewClient(kafka.Options{Brokers: broker.ListenAddrs(), Security: endpoint.security()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 3 {
		if err := client.Ping(deadline(t)); err != nil {
			t.Fatal(err)
		}
	}
	endpoint.mu.Lock()
	defer endpoint.mu.Unlock()
	if got := strings.Join(endpoint.asked, ","); got != "skald client_credentials kafka orders" {
		t.Errorf("the endpoint was asked %q", got)
	}
}

func TestATokenThatEndsSoonIsNotUsedForAnotherConnection(t *testing.T) {
	t.Parallel()
	endpoint, broker := issue(t, httptest.NewServer), bearer(t)
	endpoint.life = 30 // seconds: less than the reserve
	broker.lifetime = 1
	client, err := kafka.NewClient(kafka.Options{Brokers: broker.ListenAddrs(), Security: endpoint.security()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	broker.accept("OAUTHBEARER", "")
	for range 2 {
		if err := client.Ping(deadline(t)); err != nil {
			t.Fatal(err)
		}
	}
	broker.mu.Lock()
	defer broker.mu.Unlock()
	if len(broker.seen) < 2 || broker.seen[0] == broker.seen[1] {
		t.Errorf("the broker was shown %q", broker.seen)
	}
}

func TestAnEndpointThatRefusesTheClientIsARefusalWithoutTheSecret(t *testing.T) {
	t.Parallel()
	endpoint := issue(t, httptest.NewServer)
	endpoint.secret = "another"
	o := kafka.Options{Brokers: bearerOf(t), Security: endpoint.security()}
	wantRefused(t, o, credential.KindWrong)
	endpoint.mu.Lock()
	endpoint.status = http.StatusServiceUnavailable
	endpoint.mu.Unlock()
	if err := kafka.Reach(deadline(t), o); err == nil || errors.Is(err, credential.ErrRefused) || strings.Contains(err.Error(), password) {
		t.Errorf("of an endpoint that is not well: %v", err)
	}
}

// What is moved elsewhere would be sent the secret, whoever is there.
func TestTheSecretDoesNotFollowARedirection(t *testing.T) {
	t.Parallel()
	endpoint := issue(t, httptest.NewServer)
	moved := httptest.NewServer(http.RedirectHandler(endpoint.URL+"/token", http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	o := kafka.Options{Brokers: bearerOf(t), Security: endpoint.security()}
	o.Security.TokenURL = moved.URL + "/token"
	if err := kafka.Reach(deadline(t), o); err == nil || errors.Is(err, credential.ErrRefused) || !strings.Contains(err.Error(), "307 Temporary Redirect") {
		t.Errorf("got %v, want that it is redirected", err)
	}
	endpoint.mu.Lock()
	defer endpoint.mu.Unlock()
	if len(endpoint.asked) != 0 {
		t.Errorf("the other address was asked %q", endpoint.asked)
	}
}

func TestTheEndpointsCertificateIsChecked(t *testing.T) {
	t.Parallel()
	ca := vouch(t)
	endpoint := issue(t, func(h http.Handler) *httptest.Server {
		server := httptest.NewUnstartedServer(h)
		server.TLS = config(t, identity(t, "login", ca.Server))
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		server.StartTLS()
		return server
	})
	broker := bearer(t)
	broker.acceptToken("issued-1")
	o := kafka.Options{Brokers: broker.ListenAddrs(), Security: endpoint.security()}
	o.Security.TokenCA = vouch(t).Certificate()
	wantRefused(t, o, credential.KindUntrusted)
	o.Security.TokenCA = ca.Certificate()
	if err := kafka.Reach(deadline(t), o); err != nil {
		t.Error(err)
	}
}

func bearerOf(t *testing.T) []string {
	t.Helper()
	broker := bearer(t)
	broker.acceptToken("none")
	return broker.ListenAddrs()
}

func logger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
