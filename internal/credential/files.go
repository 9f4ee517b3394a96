package credential

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// maxTLSFile bounds a TLS file: the whole bundle of public authorities is a
// fifth of it.
const maxTLSFile = 1 << 20

const fieldCertificate = "Certificate"

// material is what a TLS's files hold, ready for use.
type material struct {
	authorities *x509.CertPool   // nil without a CA
	certificate *tls.Certificate // nil without one
}

// files holds the newest material that could be used. It is read anew for each
// connection, which costs less than the connection, and parsed when it changed.
type files struct {
	mu   sync.Mutex
	read [3][]byte
	held material
}

// newest is the material of now or, when that cannot be used, the one before.
// It must have been loaded once.
func (f *files) newest(t TLS) material {
	if now, err := f.load(t); err == nil {
		return now
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.held
}

// load reads the files, and errors when they cannot be used together.
func (f *files) load(t TLS) (material, error) {
	read, err := readAll(t)
	if err != nil {
		return material{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held != (material{}) && same(f.read, read) {
		return f.held, nil
	}
	parsed, err := parse(t, read)
	if err != nil {
		return material{}, err
	}
	f.read, f.held = read, parsed
	return parsed, nil
}

func readAll(t TLS) (read [3][]byte, err error) {
	if (t.Certificate == "") != (t.Key == "") {
		return read, errors.New("one of Certificate and Key is missing: they go together")
	}
	for n, file := range []struct{ field, path string }{{"CA", t.CA}, {fieldCertificate, t.Certificate}, {"Key", t.Key}} {
		if file.path == "" {
			continue
		}
		if read[n], err = os.ReadFile(file.path); err != nil {
			return read, fmt.Errorf("%s: %w", file.field, err)
		}
		if len(read[n]) > maxTLSFile {
			return read, fmt.Errorf("%s: %s is larger than %d bytes", file.field, file.path, maxTLSFile)
		}
	}
	return read, nil
}

func same(a, b [3][]byte) bool {
	return bytes.Equal(a[0], b[0]) && bytes.Equal(a[1], b[1]) && bytes.Equal(a[2], b[2])
}

func parse(t TLS, read [3][]byte) (material, error) {
	var parsed material
	if t.CA != "" {
		parsed.authorities = x509.NewCertPool()
		if !parsed.authorities.AppendCertsFromPEM(read[0]) {
			return material{}, fmt.Errorf("CA: %s holds no certificate in PEM", t.CA)
		}
	}
	if t.Certificate == "" {
		return parsed, nil
	}
	pair, err := tls.X509KeyPair(read[1], read[2])
	if err != nil {
		return material{}, fmt.Errorf("pair of Certificate %s and Key %s: %w", t.Certificate, t.Key, err)
	}
	parsed.certificate = &pair
	return parsed, valid(t.Certificate, pair.Leaf)
}

func valid(file string, leaf *x509.Certificate) error {
	switch now := time.Now(); {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("%s: %s expired at %s", fieldCertificate, file, leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("%s: %s is not valid before %s", fieldCertificate, file, leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}
