package stack

import "github.com/skald-saga/skald/internal/stack/authority"

// kafkaSecurity fills the secured parts of config/kafka.properties.
type kafkaSecurity struct {
	Certificates           string // the address that asks for them
	Store, Trust           string // PEM files
	Administrator, Broker  string // who may do everything
	User, Password         string // of PLAIN: SCRAM's users are in Kafka's data
	Keys, Issuer, Audience string // of tokens; Keys is a URL
}

func newKafkaSecurity(s *security, port int) *kafkaSecurity {
	return &kafkaSecurity{
		Certificates: address(port), Store: s.broker.Bundle, Trust: s.CA,
		Administrator: administrator, Broker: broker, User: User, Password: s.kafkaPassword,
		Keys: "file://" + s.keys, Issuer: authority.Issuer, Audience: KafkaAudience,
	}
}

// CertificateAddress is where a secured Kafka knows its clients by their
// certificates. Address is where it knows them by SASL: SCRAM-SHA-256,
// SCRAM-SHA-512, PLAIN and OAUTHBEARER, under TLS. It is empty without security.
func (k *Kafka) CertificateAddress() string {
	if k.values.Secure == nil {
		return ""
	}
	return k.values.Secure.Certificates
}
