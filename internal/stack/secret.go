package stack

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/skald-saga/skald/internal/stack/authority"
)

// password is what the file says; a missing one gets a random password. It is
// of letters and digits only, and needs no quoting anywhere.
func password(file string) (string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // a file of the stack's own folder
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	made := rand.Text()
	return made, os.WriteFile(file, []byte(made+"\n"), 0o600)
}

// writeToken makes a token of User's.
func (s *security) writeToken(file string, token authority.Token) error {
	token.Subject, token.Lifetime = User, tokenLifetime
	text, err := s.Authority.Token(token)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text+"\n"), 0o600)
}
