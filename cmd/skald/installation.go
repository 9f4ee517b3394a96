package main

import (
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/credential"
)

// installationFlags say where skald's database, Kafka and Temporal are and how
// to talk to them. They are embedded in every command that does so itself,
// instead of through the HTTP API.
type installationFlags struct {
	Database  string   `help:"The store: postgres://… or sqlite:/path/file.db. A password does not belong in this flag, where ps shows it: docs/security.md says where." required:"" env:"SKALD_DATABASE" placeholder:"URL"`
	Ledger    string   `help:"Database of the sandbox payment provider and carrier. Default: the store on Postgres, a file beside it on SQLite." env:"SKALD_LEDGER" placeholder:"URL"`
	Kafka     []string `help:"Kafka brokers to begin with." required:"" env:"SKALD_KAFKA" placeholder:"HOST:PORT"`
	Temporal  string   `help:"Frontend of Temporal." required:"" env:"SKALD_TEMPORAL" placeholder:"HOST:PORT"`
	Namespace string   `help:"Namespace in Temporal. It must exist: skald setup makes it." default:"skald" env:"SKALD_NAMESPACE"`
	securityFlags
}

// config is where everything is, and the credentials for it; what else a
// command can set is its own. It errors when a secret is given twice.
func (i *installationFlags) config() (app.Config, error) {
	config := app.Config{
		Database: i.Database, Ledger: i.Ledger, Kafka: i.Kafka, Temporal: i.Temporal, Namespace: i.Namespace, Version: version(),
	}
	return config, i.secure(&config)
}

// securityFlags are how to talk to all three.
type securityFlags struct {
	databaseSecurityFlags
	kafkaSecurityFlags
	temporalSecurityFlags
}

// secure puts the credentials into config.
func (s securityFlags) secure(config *app.Config) (err error) {
	if config.DatabasePassword, err = secretOf("SKALD_DATABASE_PASSWORD", "database-password-file", s.DatabasePasswordFile); err != nil {
		return err
	}
	if config.LedgerPassword, err = secretOf("SKALD_LEDGER_PASSWORD", "ledger-password-file", s.LedgerPasswordFile); err != nil {
		return err
	}
	if config.KafkaSecurity, err = s.kafka(); err != nil {
		return err
	}
	config.TemporalTLS = s.temporal()
	config.TemporalAPIKey, err = secretOf("SKALD_TEMPORAL_API_KEY", "temporal-api-key-file", s.TemporalAPIKeyFile)
	return err
}

type databaseSecurityFlags struct {
	DatabasePasswordFile string `help:"File that holds the password for Postgres, read for each new connection. The variable SKALD_DATABASE_PASSWORD may hold the password itself instead. TLS is set in the URL: sslmode, sslrootcert, sslcert, sslkey." env:"SKALD_DATABASE_PASSWORD_FILE" type:"path" placeholder:"FILE"`
	LedgerPasswordFile   string `help:"As --database-password-file, for a --ledger of its own." env:"SKALD_LEDGER_PASSWORD_FILE" type:"path" placeholder:"FILE"`
}

// kafkaSecurityFlags are embedded with --kafka.
type kafkaSecurityFlags struct {
	KafkaTLS          bool     `name:"kafka-tls" help:"Talk TLS to Kafka. Each of the files and the name that follow turns it on too." env:"SKALD_KAFKA_TLS"`
	KafkaCA           string   `name:"kafka-ca" help:"File with the authorities (PEM) that sign the brokers' certificates. Default: the system's." env:"SKALD_KAFKA_CA" type:"path" placeholder:"FILE"`
	KafkaCert         string   `name:"kafka-cert" help:"File with skald's own certificate (PEM) for brokers that want one; with --kafka-key." env:"SKALD_KAFKA_CERT" type:"path" placeholder:"FILE"`
	KafkaKey          string   `name:"kafka-key" help:"File with the key (PEM) of --kafka-cert." env:"SKALD_KAFKA_KEY" type:"path" placeholder:"FILE"`
	KafkaServerName   string   `name:"kafka-server-name" help:"Name that the brokers' certificates must be for. Default: the host that is connected to." env:"SKALD_KAFKA_SERVER_NAME" placeholder:"NAME"`
	KafkaSASL         string   `name:"kafka-sasl" help:"SASL mechanism that Kafka wants. Default: none." enum:",plain,scram-sha-256,scram-sha-512,oauthbearer" default:"" env:"SKALD_KAFKA_SASL" placeholder:"MECHANISM"`
	KafkaUser         string   `name:"kafka-user" help:"User of plain and SCRAM; with --kafka-token-url, the OAuth client's ID." env:"SKALD_KAFKA_USER" placeholder:"NAME"`
	KafkaPasswordFile string   `name:"kafka-password-file" help:"File that holds the user's password, or the OAuth client's secret, read at each authentication. The variable SKALD_KAFKA_PASSWORD may hold it itself instead." env:"SKALD_KAFKA_PASSWORD_FILE" type:"path" placeholder:"FILE"`
	KafkaTokenFile    string   `name:"kafka-token-file" help:"File that holds a token for oauthbearer, read at each authentication. The variable SKALD_KAFKA_TOKEN may hold it itself instead." env:"SKALD_KAFKA_TOKEN_FILE" type:"path" placeholder:"FILE"`
	KafkaTokenURL     string   `name:"kafka-token-url" help:"Endpoint that issues tokens for oauthbearer by OAuth 2.0 client credentials, instead of --kafka-token-file." env:"SKALD_KAFKA_TOKEN_URL" placeholder:"URL"`
	KafkaTokenScopes  []string `name:"kafka-token-scopes" help:"Scopes to ask for at --kafka-token-url." env:"SKALD_KAFKA_TOKEN_SCOPES" placeholder:"SCOPE"`
	KafkaTokenCA      string   `name:"kafka-token-ca" help:"File with the authorities (PEM) of --kafka-token-url. Default: the system's." env:"SKALD_KAFKA_TOKEN_CA" type:"path" placeholder:"FILE"`
}

func (k kafkaSecurityFlags) kafka() (security app.KafkaSecurity, err error) {
	security = app.KafkaSecurity{
		TLS:       tlsOf(k.KafkaTLS, credential.TLS{CA: k.KafkaCA, Certificate: k.KafkaCert, Key: k.KafkaKey, ServerName: k.KafkaServerName}),
		Mechanism: k.KafkaSASL, User: k.KafkaUser, TokenURL: k.KafkaTokenURL, Scopes: k.KafkaTokenScopes, TokenCA: k.KafkaTokenCA,
	}
	if security.Password, err = secretOf("SKALD_KAFKA_PASSWORD", "kafka-password-file", k.KafkaPasswordFile); err != nil {
		return security, err
	}
	security.Token, err = secretOf("SKALD_KAFKA_TOKEN", "kafka-token-file", k.KafkaTokenFile)
	return security, err
}

type temporalSecurityFlags struct {
	TemporalTLS        bool   `name:"temporal-tls" help:"Talk TLS to Temporal. Each of the files, the name and the API key that follow turns it on too." env:"SKALD_TEMPORAL_TLS"`
	TemporalCA         string `name:"temporal-ca" help:"File with the authorities (PEM) that sign the certificate of Temporal's frontend. Default: the system's." env:"SKALD_TEMPORAL_CA" type:"path" placeholder:"FILE"`
	TemporalCert       string `name:"temporal-cert" help:"File with skald's own certificate (PEM) for a Temporal that wants one; with --temporal-key." env:"SKALD_TEMPORAL_CERT" type:"path" placeholder:"FILE"`
	TemporalKey        string `name:"temporal-key" help:"File with the key (PEM) of --temporal-cert." env:"SKALD_TEMPORAL_KEY" type:"path" placeholder:"FILE"`
	TemporalServerName string `name:"temporal-server-name" help:"Name that the frontend's certificate must be for. Default: the host that is connected to." env:"SKALD_TEMPORAL_SERVER_NAME" placeholder:"NAME"`
	TemporalAPIKeyFile string `name:"temporal-api-key-file" help:"File that holds an API key for Temporal, read for each request. The variable SKALD_TEMPORAL_API_KEY may hold the key itself instead." env:"SKALD_TEMPORAL_API_KEY_FILE" type:"path" placeholder:"FILE"`
}

// temporal is TLS also when only an API key is given: a key does not travel
// over a connection that anybody can read.
func (t temporalSecurityFlags) temporal() credential.TLS {
	key := t.TemporalAPIKeyFile != "" || given("SKALD_TEMPORAL_API_KEY")
	return tlsOf(t.TemporalTLS || key, credential.TLS{CA: t.TemporalCA, Certificate: t.TemporalCert, Key: t.TemporalKey, ServerName: t.TemporalServerName})
}

// tlsOf is on when it is asked for, or when anything of it is given.
func tlsOf(on bool, parts credential.TLS) credential.TLS {
	parts.Enabled = on || parts != (credential.TLS{})
	return parts
}

type httpsFlags struct {
	HTTPSCert     string `name:"https-cert" help:"File with the HTTP API's certificate (PEM), and those between it and its authority: --listen then speaks HTTPS. Read again when it changes; with --https-key." env:"SKALD_HTTPS_CERT" type:"path" placeholder:"FILE"`
	HTTPSKey      string `name:"https-key" help:"File with the key (PEM) of --https-cert." env:"SKALD_HTTPS_KEY" type:"path" placeholder:"FILE"`
	HTTPSClientCA string `name:"https-client-ca" help:"File with the authorities (PEM) of clients: whoever calls, health checks too, must then show a certificate of theirs." env:"SKALD_HTTPS_CLIENT_CA" type:"path" placeholder:"FILE"`
}

func (h httpsFlags) https() credential.TLS {
	return tlsOf(false, credential.TLS{CA: h.HTTPSClientCA, Certificate: h.HTTPSCert, Key: h.HTTPSKey})
}
