package remote

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Secret signs requests, in the form of Standard Webhooks: "whsec_" and the
// base64 of 24 to 64 random bytes. While it is being replaced it holds the new
// and the old one with a space between, and requests carry both signatures. It
// prints as "***" wherever it is printed.
type Secret string

const (
	secretPrefix   = "whsec_"
	minSecretBytes = 24
	maxSecretBytes = 64
	maxSecrets     = 2
)

const redacted = "***"

// String hides the secret, for fmt and everything built on it.
func (s Secret) String() string { return redacted }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return redacted }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

var errSecret = fmt.Errorf("Secret must be %q and the base64 of %d to %d bytes, or two such with a space between",
	secretPrefix, minSecretBytes, maxSecretBytes)

// keys are the signing keys, none for an empty secret.
func (s Secret) keys() ([][]byte, error) {
	var keys [][]byte
	for text := range strings.FieldsSeq(string(s)) {
		encoded, ok := strings.CutPrefix(text, secretPrefix)
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil || len(key) < minSecretBytes || len(key) > maxSecretBytes {
			return nil, errSecret
		}
		keys = append(keys, key)
	}
	if len(keys) > maxSecrets || (len(keys) == 0 && s != "") {
		return nil, errSecret
	}
	return keys, nil
}

// The headers of Standard Webhooks, https://www.standardwebhooks.com.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// messageID names what a request asks for: the same operation with the same key
// is the same message, however often it is sent. The convention signs neither
// method nor path; with this ID a signature cannot be moved to another request.
// The key is hashed because the ID must not hold a dot, which order IDs may.
func messageID(o operation, key string) string {
	return fmt.Sprintf("%s_%x", o.id, sha256.Sum256([]byte(key)))
}

// sign adds the three headers, with one signature for each key.
func sign(header http.Header, keys [][]byte, id string, at time.Time, body []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, len(keys))
	for n, key := range keys {
		signatures[n] = signature(key, id, timestamp, body)
	}
	header.Set(headerID, id)
	header.Set(headerTimestamp, timestamp)
	header.Set(headerSignature, strings.Join(signatures, " "))
}

func signature(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
