package credential

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"time"
)

const (
	// probeTimeout bounds SpeaksTLS and Objection.
	probeTimeout = 3 * time.Second
	// listenTime is how long Objection waits for a word.
	listenTime = time.Second
)

// KindOf says what is wrong with TLS by the error of a handshake, or of the
// first read after it: only then does a server tell a TLS 1.3 client that it
// wants another certificate. It reports false for any other error, an outage's
// above all.
func KindOf(err error) (Kind, bool) {
	var (
		unknown x509.UnknownAuthorityError
		roots   x509.SystemRootsError
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &name):
		return KindMisnamed, true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return KindExpired, true
	case errors.As(err, &unknown), errors.As(err, &roots), errors.As(err, &invalid):
		return KindUntrusted, true
	case errors.As(err, &record):
		return KindNoTLS, true
	case err != nil:
		return kindOfText(err.Error())
	}
	return "", false
}

// alerts are what a server says of our certificate, by crypto/tls's texts for
// the alerts of RFC 8446, section 6.
var alerts = []string{
	"tls: certificate required", "tls: bad certificate", "tls: unknown certificate authority", "tls: unknown certificate",
	"tls: expired certificate", "tls: revoked certificate", "tls: unsupported certificate", "tls: access denied",
}

// kindOfText is for errors of which a library kept nothing but the text, as
// gRPC does.
func kindOfText(text string) (Kind, bool) {
	for _, alert := range alerts {
		if strings.Contains(text, "remote error: "+alert) {
			return KindOurs, true
		}
	}
	for _, known := range []struct {
		part string
		kind Kind
	}{
		{"x509: certificate signed by unknown authority", KindUntrusted},
		{"x509: certificate has expired or is not yet valid", KindExpired},
		{"x509: certificate is valid for ", KindMisnamed},
		{"x509: certificate is not valid for any names", KindMisnamed},
		{"x509: cannot validate certificate for ", KindMisnamed},
		{"tls: failed to verify certificate", KindUntrusted},
		{"tls: first record does not look like a TLS handshake", KindNoTLS},
	} {
		if strings.Contains(text, known.part) {
			return known.kind, true
		}
	}
	return "", false
}

// SpeaksTLS asks the server at address whether it does. A client that speaks
// plainly to a TLS port hears nothing but the end of the connection, as in an
// outage; so before it says that TLS is what is wanted, it looks.
func SpeaksTLS(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // G402: nothing is said on this connection; who answers does not matter
	}}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err == nil {
		_ = connection.Close() // it was a question
		return true
	}
	network, ok := errors.AsType[*net.OpError](err)
	return ok && network.Op == "remote error" // it refused us, in TLS
}

// Objection connects and says nothing, to hear what the server has against these
// credentials. Whoever writes at once may find the connection closed before it
// has read why: a TLS 1.3 server looks at our certificate when we believe the
// handshake over. It reports false for a server that has nothing against them,
// and for one that is away.
func (t TLS) Objection(ctx context.Context, address string) (Kind, bool) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	connection, err := t.Dial(ctx, "tcp", address)
	if err != nil {
		return KindOf(err)
	}
	defer func() { _ = connection.Close() }() // it was a question
	if err := connection.SetReadDeadline(time.Now().Add(listenTime)); err != nil {
		return "", false
	}
	_, err = connection.Read(make([]byte, 1))
	return KindOf(err)
}
