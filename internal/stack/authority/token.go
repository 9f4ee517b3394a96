package authority

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"time"
)

// Issuer is the claim iss of every token.
const Issuer = "stack-authority"

// keyID names the only key that signs tokens.
const keyID = "stack"

// Token is what a token says.
type Token struct {
	Subject  string // who shows it
	Audience string // to whom it is shown
	// Lifetime counts from now. A negative one has ended.
	Lifetime time.Duration
	// Permissions is the claim of that name, left out when empty. Temporal reads
	// "namespace:role" there.
	Permissions []string
}

// claims are a token's, by the names of RFC 7519. Kafka's broker wants a scope
// in every token, whatever it is.
type claims struct {
	Issuer      string   `json:"iss"`
	Subject     string   `json:"sub"`
	Audience    string   `json:"aud"`
	Scope       string   `json:"scope"`
	IssuedAt    int64    `json:"iat"`
	Expires     int64    `json:"exp"`
	Permissions []string `json:"permissions,omitempty"`
}

type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

// Keys is the file with the public key of tokens, a JSON Web Key Set.
func (a *Authority) Keys() string { return filepath.Join(a.dir, "keys.json") }

// Token signs a token with ES256, in its compact form.
func (a *Authority) Token(t Token) (string, error) {
	now := time.Now()
	issued := now
	if t.Lifetime < 0 {
		issued = now.Add(2 * t.Lifetime)
	}
	head, err := json.Marshal(header{Algorithm: "ES256", KeyID: keyID, Type: "JWT"})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims{
		Issuer: Issuer, Subject: t.Subject, Audience: t.Audience, Scope: t.Audience,
		IssuedAt: issued.Unix(), Expires: now.Add(t.Lifetime).Unix(), Permissions: t.Permissions,
	})
	if err != nil {
		return "", err
	}
	signed := encode(head) + "." + encode(body)
	signature, err := a.signToken(signed)
	return signed + "." + encode(signature), err
}

// signToken is R and S one after the other, 32 bytes each (RFC 7518, 3.4).
func (a *Authority) signToken(text string) ([]byte, error) {
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, a.tokenKey, digest[:])
	if err != nil {
		return nil, err
	}
	signature := make([]byte, 2*coordinateBytes)
	r.FillBytes(signature[:coordinateBytes])
	s.FillBytes(signature[coordinateBytes:])
	return signature, nil
}

func (a *Authority) writeKeys() error {
	point, err := a.tokenKey.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": keyID,
		"x": encode(point[1 : 1+coordinateBytes]), "y": encode(point[1+coordinateBytes:]),
	}}})
	if err != nil {
		return err
	}
	return replace(a.Keys(), 0o644, text)
}

// coordinateBytes is the size of a number of the curve P-256.
const coordinateBytes = 32

func encode(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }
