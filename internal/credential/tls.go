package credential

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

// handshakeTimeout bounds a handshake whose caller set no bound of its own.
const handshakeTimeout = 10 * time.Second

// TLS names the files of TLS connections, all in PEM. The zero value is no TLS.
type TLS struct {
	// Enabled turns TLS on; alone it is TLS with the system's authorities.
	Enabled bool
	// CA is a file with the authorities that sign the other side's certificate.
	// Empty: the system's on a client; on a server, clients need no certificate.
	CA string
	// Certificate and Key are our own: a server's, or a client's that must show
	// one. The certificate's file also holds those between it and its authority.
	Certificate, Key string
	// ServerName is what the server's certificate must be for. Empty: the host
	// that is connected to.
	ServerName string
}

// Validate reads every file, and names the field, the file and what is wrong: it
// cannot be read, certificate and key are not a pair, it has expired.
func (t TLS) Validate() error {
	if !t.Enabled {
		if t != (TLS{}) {
			return errors.New("TLS: files or a server name are given, and it is not enabled")
		}
		return nil
	}
	_, err := new(files).load(t)
	if err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	return nil
}

// Client is for connections to servers, nil when TLS is not enabled. Its client
// certificate is read again when the file changes; its authorities are those of
// now, so a client that lives long connects with Dial, or asks again.
func (t TLS) Client() (*tls.Config, error) {
	if !t.Enabled {
		return nil, nil //nolint:nilnil // what every TLS library takes for "none"
	}
	var held files
	now, err := held.load(t)
	if err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: now.authorities, ServerName: t.ServerName}
	if t.Certificate != "" {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return held.newest(t).certificate, nil
		}
	}
	return config, nil
}

// Dial connects, with TLS when it is enabled, by the files as they are now.
func (t TLS) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: handshakeTimeout}
	config, err := t.Client()
	switch {
	case err != nil:
		return nil, err
	case config == nil:
		return plain.DialContext(ctx, network, address)
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	return (&tls.Dialer{NetDialer: plain, Config: config}).DialContext(ctx, network, address)
}

// Server is for connections from clients, nil when TLS is not enabled. Every
// connection uses the files as they are when it begins; while they cannot be
// used, as between the replacement of one and the other, those before: Validate
// says so. With a CA a client must show a certificate of it. It speaks HTTP/2
// and HTTP/1.1.
func (t TLS) Server() (*tls.Config, error) {
	if !t.Enabled {
		return nil, nil //nolint:nilnil // as Client
	}
	if t.Certificate == "" {
		return nil, errors.New("TLS: Certificate and Key are missing: a server must have them")
	}
	var held files
	if _, err := held.load(t); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return serverOf(held.newest(t)), nil },
	}, nil
}

func serverOf(now material) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*now.certificate}, NextProtos: []string{"h2", "http/1.1"}}
	if now.authorities != nil {
		config.ClientCAs, config.ClientAuth = now.authorities, tls.RequireAndVerifyClientCert
		// A resumed session would not show its certificate again, so an authority
		// that was taken out would go on being trusted.
		config.SessionTicketsDisabled = true
	}
	return config
}
