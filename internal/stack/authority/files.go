package authority

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	typeCertificate = "CERTIFICATE"
	typeKey         = "PRIVATE KEY"
)

func (a *Authority) keyFile() string      { return filepath.Join(a.dir, "ca.key") }
func (a *Authority) tokenKeyFile() string { return filepath.Join(a.dir, "token.key") }

// read is a later Open of a folder.
func (a *Authority) read() (err error) {
	certificate, err := readPEM(a.Certificate(), typeCertificate)
	if err != nil {
		return err
	}
	if a.root, err = x509.ParseCertificate(certificate); err != nil {
		return fmt.Errorf("%s: %w", a.Certificate(), err)
	}
	if a.key, err = readKey(a.keyFile()); err != nil {
		return err
	}
	a.tokenKey, err = readKey(a.tokenKeyFile())
	return err
}

func (i Identity) write(certificate []byte, key *ecdsa.PrivateKey) error {
	if err := errors.Join(writeCertificate(i.Certificate, certificate), writeKey(i.Key, key)); err != nil {
		return err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(i.Bundle, 0o600, &pem.Block{Type: typeKey, Bytes: encoded}, &pem.Block{Type: typeCertificate, Bytes: certificate})
}

func writeCertificate(path string, certificate []byte) error {
	return writePEM(path, 0o644, &pem.Block{Type: typeCertificate, Bytes: certificate})
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, 0o600, &pem.Block{Type: typeKey, Bytes: encoded})
}

// writePEM puts a whole file in the place of an old one, which a server may be
// reading.
func writePEM(path string, mode os.FileMode, blocks ...*pem.Block) error {
	var text bytes.Buffer
	for _, block := range blocks {
		if err := pem.Encode(&text, block); err != nil {
			return err
		}
	}
	return replace(path, mode, text.Bytes())
}

func replace(path string, mode os.FileMode, text []byte) error {
	draft := path + ".draft"
	if err := os.WriteFile(draft, text, mode); err != nil {
		return err
	}
	return os.Rename(draft, path)
}

func readKey(path string) (*ecdsa.PrivateKey, error) {
	encoded, err := readPEM(path, typeKey)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(encoded)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: a key of another kind (%T) than this package makes", path, parsed)
	}
	return key, nil
}

func readPEM(path, kind string) ([]byte, error) {
	text, err := os.ReadFile(path) //nolint:gosec // a file of the authority's own folder
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("%s holds no %s", path, kind)
	}
	return block.Bytes, nil
}
