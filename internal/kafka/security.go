package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/skald-saga/skald/internal/credential"
)

// SASL mechanisms.
const (
	MechanismPlain       = "plain"
	MechanismScramSHA256 = "scram-sha-256"
	MechanismScramSHA512 = "scram-sha-512"
	MechanismOAuthBearer = "oauthbearer"
)

// Security says how a client shows who it is, and whom it trusts. Every
// connection, and every authentication again that a broker asks for, reads what
// it needs anew. The zero value is none.
type Security struct {
	TLS credential.TLS
	// Mechanism is one of the constants. Empty: no SASL.
	Mechanism string
	// User and Password are for plain and SCRAM. With a TokenURL they are the
	// OAuth client's ID and secret.
	User     string
	Password credential.Secret
	// Token is oauthbearer's, made by somebody else.
	Token credential.Secret
	// TokenURL is where oauthbearer gets its tokens, by OAuth 2.0 client
	// credentials (RFC 6749, section 4.4), instead of Token.
	TokenURL string
	// Scopes are asked for at TokenURL.
	Scopes []string
	// TokenCA is a file with the authorities of TokenURL. Empty: the system's.
	TokenCA string
}

// Validate names the first field that cannot be used. It reads every file.
func (s Security) Validate() error {
	if err := s.TLS.Validate(); err != nil {
		return fmt.Errorf("kafka: Security.%w", err)
	}
	if err := s.validateFields(); err != nil {
		return err
	}
	if s.TokenURL != "" {
		if err := s.tokenTLS().Validate(); err != nil {
			return fmt.Errorf("kafka: Security.TokenCA: %w", err)
		}
	}
	for name, secret := range map[string]credential.Secret{"Password": s.Password, "Token": s.Token} {
		if _, err := secret.Reveal(); err != nil {
			return fmt.Errorf("kafka: Security.%s: %w", name, err)
		}
	}
	return nil
}

func (s Security) validateFields() error {
	known := []string{"", MechanismPlain, MechanismScramSHA256, MechanismScramSHA512, MechanismOAuthBearer}
	named := s.User != "" && !s.Password.IsZero()
	switch {
	case !slices.Contains(known, s.Mechanism):
		return fmt.Errorf("kafka: Security.Mechanism is %q, must be of %q", s.Mechanism, known[1:])
	case s.Mechanism == "" && (s.User != "" || !s.Password.IsZero() || !s.Token.IsZero() || s.TokenURL != ""):
		return errors.New("kafka: Security.Mechanism is missing: a user, password or token is given")
	case s.Mechanism == MechanismOAuthBearer:
		return s.validateBearer(named)
	case s.Mechanism != "" && !named:
		return fmt.Errorf("kafka: Security.User and Security.Password are required with %s", s.Mechanism)
	case !s.Token.IsZero() || s.TokenURL != "":
		return fmt.Errorf("kafka: Security.Token and Security.TokenURL are for %s, and Mechanism is %q", MechanismOAuthBearer, s.Mechanism)
	}
	return nil
}

func (s Security) validateBearer(named bool) error {
	switch {
	case s.Token.IsZero() == (s.TokenURL == ""):
		return fmt.Errorf("kafka: Security: %s needs a Token or a TokenURL, and not both", MechanismOAuthBearer)
	case s.TokenURL != "" && !named:
		return errors.New("kafka: Security.User and Security.Password are required with a TokenURL: the client's ID and secret")
	case s.TokenURL == "" && (s.User != "" || !s.Password.IsZero()):
		return errors.New("kafka: Security.User and Security.Password are of no use with a Token: leave them out")
	}
	return s.validateTokenURL()
}

// options are the client's. TLS goes through a dialer of its own, so that a
// replaced authority is trusted, and one that was taken out is not, from the
// next connection on. Files are not looked at: a client that is made while one
// is being replaced connects when it is there again.
func (s Security) options() ([]kgo.Opt, error) {
	if err := s.validateFields(); err != nil {
		return nil, err
	}
	var opts []kgo.Opt
	if s.TLS.Enabled {
		opts = append(opts, kgo.Dialer(s.TLS.Dial))
	}
	if mechanism := s.mechanism(); mechanism != nil {
		opts = append(opts, kgo.SASL(mechanism))
	}
	return opts, nil
}

func (s Security) mechanism() sasl.Mechanism {
	switch s.Mechanism {
	case MechanismPlain:
		return plain.Plain(func(context.Context) (plain.Auth, error) {
			password, err := s.Password.Reveal()
			return plain.Auth{User: s.User, Pass: password}, err
		})
	case MechanismScramSHA256:
		return scram.Sha256(s.scram)
	case MechanismScramSHA512:
		return scram.Sha512(s.scram)
	case MechanismOAuthBearer:
		bearer := s.bearer()
		return heard{oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
			token, err := bearer(ctx)
			return oauth.Auth{Token: token}, err
		})}
	}
	return nil
}

func (s Security) scram(context.Context) (scram.Auth, error) {
	password, err := s.Password.Reveal()
	return scram.Auth{User: s.User, Pass: password}, err
}
