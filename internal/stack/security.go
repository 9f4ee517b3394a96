package stack

import (
	"errors"
	"net/url"
	"time"

	"github.com/skald-saga/skald/internal/stack/authority"
)

// Names on a secured stack, in certificates, tokens and passwords alike.
const (
	// User is skald's name at Kafka and at Postgres. It may do there what skald
	// needs and nothing else: Grants at Kafka, and it owns its database.
	User = "skald"
	// CertificateUser is User at Postgres for those who show a certificate of
	// that name beside User's password.
	CertificateUser = "skald_certificate"

	administrator = "stack" // may do everything
	broker        = "kafka"
	temporalUser  = "temporal"
	postgresName  = "postgres"
)

// The claim aud of the tokens that servers take.
const (
	KafkaAudience    = "kafka"
	TemporalAudience = "temporal"
)

// tokenLifetime is how long a token is good that Start makes.
const tokenLifetime = 24 * time.Hour

// Security is how programs show a secured stack who they are. Its files can be
// read by their owner alone.
type Security struct {
	// Authority signed the certificates of all servers, and signs more.
	Authority *authority.Authority
	// CA is the file with the authority's own certificate.
	CA string
	// Skald is User's certificate: for Temporal, and for Kafka at
	// Kafka.CertificateAddress.
	Skald authority.Identity
	// KafkaPassword is the file with User's password at Kafka, for SCRAM and
	// for PLAIN.
	KafkaPassword string
	// KafkaToken is the file with User's token at Kafka, for OAUTHBEARER. It is
	// good for a day and made anew by every Start.
	KafkaToken string
	// TemporalToken is the file with User's token at Temporal, for
	// Options.TemporalTokens: it may do everything in its namespace. It is as
	// good, and as new, as KafkaToken.
	TemporalToken string
	// PostgresPassword is the file with the password of User and of
	// CertificateUser.
	PostgresPassword string
}

// security is what the servers need beyond that. A nil one is a stack without
// security.
type security struct {
	Security
	keys                                      string // the file with the public key of tokens
	administrator, broker, postgres, temporal authority.Identity
	kafkaPassword, postgresPassword           string // what the files say
}

// openSecurity makes what a secured stack needs, or finds it again: the
// authority and the passwords stay, certificates and the token are new.
func openSecurity(f *folder, namespace string) (*security, error) {
	a, err := authority.Open(f.join(securityFolder))
	if err != nil {
		return nil, err
	}
	s := &security{keys: a.Keys(), Security: Security{
		Authority:        a,
		CA:               a.Certificate(),
		KafkaPassword:    f.join(securityFolder, "kafka.password"),
		KafkaToken:       f.join(securityFolder, "kafka.token"),
		TemporalToken:    f.join(securityFolder, "temporal.token"),
		PostgresPassword: f.join(securityFolder, "postgres.password"),
	}}
	if err := s.issue(); err != nil {
		return nil, err
	}
	if s.kafkaPassword, err = password(s.KafkaPassword); err != nil {
		return nil, err
	}
	if s.postgresPassword, err = password(s.PostgresPassword); err != nil {
		return nil, err
	}
	return s, errors.Join(
		s.writeToken(s.KafkaToken, authority.Token{Audience: KafkaAudience}),
		s.writeToken(s.TemporalToken, authority.Token{Audience: TemporalAudience, Permissions: []string{namespace + ":admin"}}),
	)
}

func (s *security) issue() error {
	for _, one := range []struct {
		name  string
		issue func(string) (authority.Identity, error)
		to    *authority.Identity
	}{
		{User, s.Authority.Client, &s.Skald},
		{administrator, s.Authority.Client, &s.administrator},
		{broker, s.Authority.Server, &s.broker},
		{postgresName, s.Authority.Server, &s.postgres},
		{temporalUser, s.Authority.Server, &s.temporal},
	} {
		var err error
		if *one.to, err = one.issue(one.name); err != nil {
			return err
		}
	}
	return nil
}

// query is how a client of Postgres proves the server, and itself when it shows
// an identity.
func (s *security) query(shows authority.Identity) url.Values {
	values := url.Values{"sslmode": {"verify-full"}, "sslrootcert": {s.CA}}
	if shows != (authority.Identity{}) {
		values.Set("sslcert", shows.Certificate)
		values.Set("sslkey", shows.Key)
	}
	return values
}
