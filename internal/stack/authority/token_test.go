package authority_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/stack/authority"
)

// keySet is a JSON Web Key Set (RFC 7517), as far as one key of P-256 needs it.
type keySet struct {
	Keys []struct{ Kty, Crv, Alg, Use, Kid, X, Y string }
}

func decode(t *testing.T, text string) []byte {
	t.Helper()
	return must(base64.RawURLEncoding.DecodeString(text))(t)
}

// mustVerify checks the token as a server does: with the key of the file.
func mustVerify(t *testing.T, a *authority.Authority, token string) (claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts in %s, want 3", len(parts), token)
	}
	if !verifies(t, a, parts) {
		t.Fatal("the signature is not of the key in the file")
	}
	if err := json.Unmarshal(decode(t, parts[1]), &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func verifies(t *testing.T, a *authority.Authority, parts []string) bool {
	t.Helper()
	var set keySet
	if err := json.Unmarshal(must(os.ReadFile(a.Keys()))(t), &set); err != nil {
		t.Fatal(err)
	}
	point := append([]byte{4}, append(decode(t, set.Keys[0].X), decode(t, set.Keys[0].Y)...)...)
	public := must(ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point))(t)
	signature, digest := decode(t, parts[2]), sha256.Sum256([]byte(parts[0]+"."+parts[1]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return len(signature) == 64 && ecdsa.Verify(public, digest[:], r, s)
}

func TestATokenSaysWhoShowsItToWhomAndUntilWhen(t *testing.T) {
	t.Parallel()
	a := must(authority.Open(t.TempDir()))(t)
	for _, lifetime := range []time.Duration{time.Hour, -time.Hour} {
		claims := mustVerify(t, a, must(a.Token(authority.Token{
			Subject: "skald", Audience: "temporal", Lifetime: lifetime, Permissions: []string{"skald:write"},
		}))(t))
		expires, issued := number(claims, "exp"), number(claims, "iat")
		if left := time.Until(expires); (left-lifetime).Abs() > time.Minute || !issued.Before(expires) {
			t.Errorf("from %v until %v, want until %v from now", issued, expires, lifetime)
		}
		want := map[string]any{
			"iss": "stack-authority", "sub": "skald", "aud": "temporal", "scope": "temporal", "permissions": []any{"skald:write"},
		}
		if diff := cmp.Diff(want, claims); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// number takes a time out of the claims.
func number(claims map[string]any, name string) time.Time {
	seconds, _ := claims[name].(float64)
	delete(claims, name)
	return time.Unix(int64(seconds), 0)
}

func TestATokenThatWasChangedOrIsOfAnotherAuthorityIsNotOfTheKey(t *testing.T) {
	t.Parallel()
	a, foreign := must(authority.Open(t.TempDir()))(t), must(authority.Open(t.TempDir()))(t)
	parts := strings.Split(must(a.Token(authority.Token{Subject: "skald", Lifetime: time.Hour}))(t), ".")
	other := strings.Split(must(a.Token(authority.Token{Subject: "stack", Lifetime: time.Hour}))(t), ".")
	if verifies(t, foreign, parts) {
		t.Error("another authority's key verifies it")
	}
	if verifies(t, a, []string{parts[0], other[1], parts[2]}) {
		t.Error("it verifies with other claims")
	}
}
