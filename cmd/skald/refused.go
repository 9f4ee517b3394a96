package main

import (
	"fmt"

	"github.com/skald-saga/skald/internal/credential"
)

// settingsOf names the settings of a dependency's credentials, by what is wrong
// with them.
var settingsOf = map[string]map[credential.Kind]string{
	"Kafka": {
		credential.KindWrong:     "--kafka-sasl, --kafka-user and --kafka-password-file or SKALD_KAFKA_PASSWORD (for oauthbearer --kafka-token-file or --kafka-token-url)",
		credential.KindWantsUser: "--kafka-sasl, --kafka-user and --kafka-password-file or SKALD_KAFKA_PASSWORD",
		credential.KindUntrusted: "--kafka-ca",
		credential.KindMisnamed:  "--kafka-server-name, or the names in --kafka",
		credential.KindOurs:      "--kafka-cert and --kafka-key",
		credential.KindWantsTLS:  "--kafka-tls (and --kafka-ca for an authority of your own)",
		credential.KindNoTLS:     "--kafka, which names a port without TLS, or leave --kafka-tls and its files out",
	},
	"Token endpoint": {
		credential.KindWrong:     "--kafka-token-url, --kafka-user and --kafka-password-file or SKALD_KAFKA_PASSWORD",
		credential.KindUntrusted: "--kafka-token-ca",
		credential.KindMisnamed:  "--kafka-token-url",
	},
	"Temporal": {
		credential.KindWrong:     "--temporal-api-key-file or SKALD_TEMPORAL_API_KEY, and --namespace",
		credential.KindUntrusted: "--temporal-ca",
		credential.KindMisnamed:  "--temporal-server-name, or the name in --temporal",
		credential.KindOurs:      "--temporal-cert and --temporal-key",
		credential.KindWantsTLS:  "--temporal-tls (and --temporal-ca for an authority of your own)",
		credential.KindNoTLS:     "--temporal, which names a port without TLS, or leave --temporal-tls and its files out",
	},
	"Postgres": {
		credential.KindWrong:     "the user in --database, and --database-password-file or SKALD_DATABASE_PASSWORD",
		credential.KindUntrusted: "sslrootcert in --database",
		credential.KindMisnamed:  "the host in --database, or sslmode=verify-ca",
		credential.KindOurs:      "sslcert and sslkey in --database",
		credential.KindWantsTLS:  "sslmode in --database: require, or better verify-full with sslrootcert",
		credential.KindNoTLS:     "sslmode in --database, which demands TLS of a server without it",
	},
}

// adviceAfter names the setting when somebody did not accept a credential.
func adviceAfter(refusal *credential.Refusal) string {
	const safe = "Orders that were accepted are safe, and go on when it is right."
	setting := settingsOf[refusal.Dependency][refusal.Kind]
	if setting == "" { // an expired certificate is the server's
		return "Whoever runs it must renew its certificate. " + safe
	}
	return fmt.Sprintf("Set %s. %s docs/security.md has an example for each.", setting, safe)
}
