package app_test

import (
	"context"
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/stack/authority"
)

func TestTheAPISpeaksHTTPSWithTheCertificateOfNow(t *testing.T) {
	t.Parallel()
	ca := vouch(t)
	https := serverOf(t, ca)
	w := startHTTPS(t, https)
	if !strings.HasPrefix(w.URL(), "https://127.0.0.1:") {
		t.Fatalf("its URL is %s", w.URL())
	}
	trusting := credential.TLS{Enabled: true, CA: ca.Certificate()}
	before := serialOf(t, trusting, w.URL())
	wantAnswer(t, w.URL(), trusting)
	serverOf(t, ca) // a renewed certificate, in the same files
	if after := serialOf(t, trusting, w.URL()); after == before {
		t.Error("the old certificate is still shown")
	}
	must(t, os.WriteFile(https.Key, []byte("half a key"), 0o600))
	wantAnswer(t, w.URL(), trusting)
	eventually(t, time.Minute, "readiness tells of the files", func(ctx context.Context) bool {
		readiness, err := secured(t, w.URL(), trusting).Ready(ctx)
		return err == nil && readiness.Dependencies["certificate"].State == "down"
	})
}

func TestTheAPICanWantACertificateOfItsClients(t *testing.T) {
	t.Parallel()
	ca := vouch(t)
	https := serverOf(t, ca)
	https.CA = ca.Certificate()
	w := startHTTPS(t, https)
	issued, err := ca.Client("operator")
	must(t, err)
	wantAnswer(t, w.URL(), credential.TLS{Enabled: true, CA: ca.Certificate(), Certificate: issued.Certificate, Key: issued.Key})
	_, err = secured(t, w.URL(), credential.TLS{Enabled: true, CA: ca.Certificate()}).Ready(t.Context())
	if _, unreachable := errors.AsType[*client.Unreachable](err); !unreachable {
		t.Errorf("without one: %v", err)
	}
}

func TestHTTPSThatCannotBeIsRefusedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	ca := vouch(t)
	expired, err := ca.Expired("late")
	must(t, err)
	for want, https := range map[string]credential.TLS{
		"config: HTTPS needs a Certificate and its Key":                        {Enabled: true},
		"config: HTTPS: TLS: Certificate: " + expired.Certificate + " expired": {Enabled: true, Certificate: expired.Certificate, Key: expired.Key},
	} {
		_, err := app.Start(t.Context(), app.Config{Listen: "127.0.0.1:0", Database: "sqlite:/nowhere/x.db", Kafka: []string{nobodysPort}, Temporal: nobodysPort, HTTPS: https})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s…", err, want)
		}
	}
}

func startHTTPS(t *testing.T, https credential.TLS) *world {
	t.Helper()
	running, err := app.Start(t.Context(), app.Config{
		Listen: "127.0.0.1:0", Database: "sqlite:" + filepath.Join(t.TempDir(), "skald.db"), HTTPS: https,
		Kafka: []string{nobodysPort}, Temporal: nobodysPort, Logger: quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Dev: &app.Dev{App: running}}
	t.Cleanup(func() { w.stop(t) })
	return w
}

func wantAnswer(t *testing.T, url string, by credential.TLS) {
	t.Helper()
	if _, err := secured(t, url, by).Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// secured is a client that makes a connection of its own.
func secured(t *testing.T, url string, by credential.TLS) *client.Client {
	t.Helper()
	config, err := by.Client()
	must(t, err)
	api, err := client.New(client.Options{Server: url, TLS: config})
	must(t, err)
	t.Cleanup(api.Close)
	return api
}

func serialOf(t *testing.T, by credential.TLS, url string) string {
	t.Helper()
	connection, err := by.Dial(t.Context(), "tcp", strings.TrimPrefix(url, "https://"))
	must(t, err)
	defer func() { _ = connection.Close() }()                                                 // it was a look
	return connection.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.String() //nolint:forcetypeassert // TLS is on
}

func vouch(t *testing.T) *authority.Authority {
	t.Helper()
	ca, err := authority.Open(t.TempDir())
	must(t, err)
	return ca
}

func serverOf(t *testing.T, ca *authority.Authority) credential.TLS {
	t.Helper()
	issued, err := ca.Server("skald")
	must(t, err)
	return credential.TLS{Enabled: true, Certificate: issued.Certificate, Key: issued.Key}
}
