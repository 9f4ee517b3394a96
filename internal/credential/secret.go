package credential

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// MaxSecretBytes bounds a secret's file: a token with many claims fits, a
// file that was named by mistake does not.
const MaxSecretBytes = 64 << 10

const redacted = "[redacted]"

// Secret is text that is never shown: fmt, slog, JSON and YAML print
// "[redacted]", and nothing for none. The zero value is none.
type Secret struct {
	// A function, because fmt calls no method of a field that is not exported,
	// and shows what is behind a pointer when a verb does not fit it. Of a Secret
	// in such a field it shows an address.
	from func() source
}

type source struct{ text, file string }

// NewSecret is the secret itself. Empty text is none.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{func() source { return source{text: text} }}
}

// SecretFile is the secret that stands in the file at path, at the time it is
// needed. One line break at the end is not part of it. An empty path is none.
func SecretFile(path string) Secret {
	if path == "" {
		return Secret{}
	}
	return Secret{func() source { return source{file: path} }}
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.from == nil }

// File is the path that the secret is read from, empty for one that was given
// as text.
func (s Secret) File() string {
	if s.IsZero() {
		return ""
	}
	return s.from().file
}

// Reveal is the secret itself; empty for none. It errors when the file cannot
// be read, is empty or larger than MaxSecretBytes; the error names the file and
// never holds any of it.
func (s Secret) Reveal() (string, error) {
	if s.IsZero() {
		return "", nil
	}
	if from := s.from(); from.file == "" {
		return from.text, nil
	}
	return readSecret(s.File())
}

func readSecret(path string) (string, error) {
	file, err := os.Open(path) //nolint:gosec // G304: the user names the file
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, MaxSecretBytes+1))
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	switch {
	case len(text) == 0:
		return "", fmt.Errorf("secret: %s is empty", path)
	case len(text) > MaxSecretBytes:
		return "", fmt.Errorf("secret: %s is larger than %d bytes", path, MaxSecretBytes)
	case bytes.ContainsAny(text, "\n\x00"):
		return "", fmt.Errorf("secret: %s has several lines, or a zero byte; it must hold the secret alone", path)
	}
	return string(text), nil
}

// String hides the secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// Format hides the secret from every verb.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, s.String()) } // fmt's own buffer takes all

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret from JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Strike replaces the secret, wherever it stands in text that somebody else
// wrote. What cannot be read is not struck.
func (s Secret) Strike(text string) string {
	secret, err := s.Reveal()
	if err != nil || secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, redacted)
}
