// Package authority vouches for names: it is a certificate authority, and an
// issuer of tokens, in one folder of the file system.
//
// Open makes it or finds it again. Server and Client issue certificates, as PEM
// files that settings can point at; Token signs a JSON Web Token whose key is in
// the file that Keys names. What a server must refuse can be had, too: Expired
// is a certificate that was good once, and another folder's authority signs the
// same names with a key that nobody trusts.
//
// It is for tests and for trying things out: whoever reads the folder can be
// anyone.
package authority

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Limits of what an authority signs.
const (
	// Lifetime is how long a certificate is good. It is issued anew with every
	// start of a stack.
	Lifetime = 30 * 24 * time.Hour
	// backdated is how long before now a certificate begins, for clocks that
	// are behind.
	backdated = time.Hour
	// lifetimeOfAuthority is that of the folder.
	lifetimeOfAuthority = 10 * 365 * 24 * time.Hour
)

// Authority signs certificates and tokens. It is safe for concurrent use.
type Authority struct {
	dir      string
	root     *x509.Certificate
	key      *ecdsa.PrivateKey
	tokenKey *ecdsa.PrivateKey
	writing  sync.Mutex // the files of a name belong together
}

// Identity is a name with its proof. Every field is a file.
type Identity struct {
	Certificate string // PEM
	Key         string // PEM, PKCS #8; its owner alone may read it
	Bundle      string // the two in one file, as Java wants a key store; as secret as Key
}

// Open finds the authority of a folder, and makes folder and authority when they
// are missing.
func Open(dir string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o711); err != nil { //nolint:gosec // servers that run as another user must reach the certificate; keys have their own modes
		return nil, err
	}
	a := &Authority{dir: dir}
	if _, err := os.Stat(a.Keys()); err == nil {
		return a, a.read()
	}
	return a, a.make()
}

// Certificate is the file with the authority's own certificate: what trusts it
// trusts all that it signs.
func (a *Authority) Certificate() string { return filepath.Join(a.dir, "ca.pem") }

// Server issues a certificate for a server on loopback. It is good for a client
// as well, because servers talk among themselves. A repeat replaces the files.
func (a *Authority) Server(name string) (Identity, error) {
	return a.issue(name, name, a.server(name))
}

// Client issues a certificate for a client. A repeat replaces the files.
func (a *Authority) Client(name string) (Identity, error) {
	return a.issue(name, name, a.client(name))
}

// Expired issues a client's certificate that ended an hour ago.
func (a *Authority) Expired(name string) (Identity, error) {
	template := a.client(name)
	template.NotBefore = template.NotBefore.Add(-Lifetime)
	template.NotAfter = time.Now().Add(-time.Hour)
	return a.issue(name+".expired", name, template)
}

// TLS is how a client trusts this authority's servers and shows who it is. The
// zero Identity shows nothing.
func (a *Authority) TLS(shows Identity) (*tls.Config, error) {
	config := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	config.RootCAs.AddCert(a.root)
	if shows == (Identity{}) {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(shows.Certificate, shows.Key)
	if err != nil {
		return nil, err
	}
	// Shown even to a server that names only other authorities: it is to refuse
	// the certificate, not to miss it.
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	return config, nil
}
