package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"regexp"
	"time"
)

// names are those that can be part of a file's name and of a distinguished name.
var names = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

const serialBits = 128

func (a *Authority) client(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		NotBefore:   now.Add(-backdated),
		NotAfter:    now.Add(Lifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

func (a *Authority) server(name string) *x509.Certificate {
	template := a.client(name)
	template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	template.DNSNames = []string{"localhost"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	return template
}

// issue signs the template and writes file.pem, file.key and file.bundle.pem.
func (a *Authority) issue(file, name string, template *x509.Certificate) (Identity, error) {
	if !names.MatchString(name) {
		return Identity{}, fmt.Errorf("authority: name is %q, must match %s", name, names)
	}
	key, err := newKey()
	if err != nil {
		return Identity{}, err
	}
	certificate, err := sign(template, a.root, key, a.key)
	if err != nil {
		return Identity{}, fmt.Errorf("sign %s: %w", name, err)
	}
	i := Identity{
		Certificate: filepath.Join(a.dir, file+".pem"),
		Key:         filepath.Join(a.dir, file+".key"),
		Bundle:      filepath.Join(a.dir, file+".bundle.pem"),
	}
	a.writing.Lock()
	defer a.writing.Unlock()
	return i, i.write(certificate, key)
}

// make is the first Open of a folder. The file that Open looks for is written
// last: an authority that is there is whole.
func (a *Authority) make() (err error) {
	if a.key, err = newKey(); err != nil {
		return err
	}
	if a.tokenKey, err = newKey(); err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "stack authority"}, NotBefore: now.Add(-backdated), NotAfter: now.Add(lifetimeOfAuthority),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	certificate, err := sign(template, template, a.key, a.key)
	if err != nil {
		return err
	}
	if a.root, err = x509.ParseCertificate(certificate); err != nil {
		return err
	}
	return errors.Join(
		writeCertificate(a.Certificate(), certificate),
		writeKey(a.keyFile(), a.key),
		writeKey(a.tokenKeyFile(), a.tokenKey),
		a.writeKeys(),
	)
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func sign(template, parent *x509.Certificate, subject, signer *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, template, parent, subject.Public(), signer)
}
