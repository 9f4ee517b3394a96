package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/sasl"
)

// heard is a mechanism that lets a broker say what is wrong with a token. It
// says so in a first answer, and refuses only when that was acknowledged with a
// single 1 (RFC 7628, 3.2.3); the library expects nothing there, and would hide
// the refusal behind an error of its own.
type heard struct{ sasl.Mechanism }

// Authenticate begins as the mechanism does.
func (h heard) Authenticate(ctx context.Context, host string) (sasl.Session, []byte, error) {
	session, first, err := h.Mechanism.Authenticate(ctx, host)
	return hearing{session}, first, err
}

type hearing struct{ sasl.Session }

// Challenge acknowledges what is wrong; the broker's next answer is the refusal.
func (h hearing) Challenge(answer []byte) (done bool, next []byte, err error) {
	if len(answer) > 0 {
		return false, []byte{1}, nil
	}
	return h.Session.Challenge(answer)
}
