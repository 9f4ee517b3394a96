package app

import (
	"errors"
	"fmt"

	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/kafka"
)

// validateSecurity reads every file that a credential is in: what cannot be
// read is found before anything starts.
func (c Config) validateSecurity() error {
	problems := []error{
		named("KafkaSecurity", c.KafkaSecurity.Validate()),
		named("TemporalTLS", c.TemporalTLS.Validate()),
		named("HTTPS", c.HTTPS.Validate()),
	}
	if c.HTTPS.Enabled && c.HTTPS.Certificate == "" {
		problems = append(problems, errors.New("config: HTTPS needs a Certificate and its Key"))
	}
	if !c.TemporalAPIKey.IsZero() && !c.TemporalTLS.Enabled {
		problems = append(problems, errors.New("config: TemporalAPIKey needs TemporalTLS: a key does not travel where anybody can read it"))
	}
	for name, secret := range map[string]credential.Secret{
		"DatabasePassword": c.DatabasePassword, "LedgerPassword": c.LedgerPassword, "TemporalAPIKey": c.TemporalAPIKey,
	} {
		_, err := secret.Reveal()
		problems = append(problems, named(name, err))
	}
	return errors.Join(problems...)
}

// warnOfPlain tells of secrets that travel where anybody on the way can read
// them. It is no error: the way may be encrypted by something else.
func (c Config) warnOfPlain() {
	bare := c.KafkaSecurity.Mechanism == kafka.MechanismPlain || c.KafkaSecurity.Mechanism == kafka.MechanismOAuthBearer
	if bare && !c.KafkaSecurity.TLS.Enabled {
		c.Logger.Warn("the secret for Kafka travels unencrypted: turn TLS on, or use SCRAM", "mechanism", c.KafkaSecurity.Mechanism)
	}
}

// HasPassword reports whether a database URL holds one.
func HasPassword(databaseURL string) bool { return database.HasPassword(databaseURL) }

func named(field string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("config: %s: %w", field, err)
}
