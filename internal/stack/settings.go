package stack

import "strings"

// setting is one of skald's, by the name of its flag.
type setting struct{ name, value string }

// KafkaAddresses are where all brokers listen for clients.
func (s *Stack) KafkaAddresses() []string {
	addresses := []string{s.Kafka.Address()}
	for _, broker := range s.Brokers {
		addresses = append(addresses, broker.Address())
	}
	return addresses
}

// settings are those with which skald runs on this stack.
func (s *Stack) settings() []setting {
	settings := []setting{
		{"database", s.Postgres.URL()},
		{"kafka", strings.Join(s.KafkaAddresses(), ",")},
		{"temporal", s.Temporal.Address()},
		{"namespace", s.namespace},
	}
	if s.Security == nil {
		return settings
	}
	settings = append(settings,
		setting{"database-password-file", s.Security.PostgresPassword},
		setting{"kafka-ca", s.Security.CA},
		setting{"kafka-sasl", "scram-sha-512"},
		setting{"kafka-user", User},
		setting{"kafka-password-file", s.Security.KafkaPassword},
		setting{"temporal-ca", s.Security.CA},
	)
	if s.Temporal.values.Secure.Tokens != nil {
		return append(settings, setting{"temporal-api-key-file", s.Security.TemporalToken})
	}
	return append(settings, setting{"temporal-cert", s.Security.Skald.Certificate}, setting{"temporal-key", s.Security.Skald.Key})
}

// ServeArgs are the arguments with which skald runs on this stack. Without its
// first they fit every command that reaches Kafka, Temporal and Postgres itself.
func (s *Stack) ServeArgs() []string {
	args := []string{"serve"}
	for _, setting := range s.settings() {
		args = append(args, "--"+setting.name, setting.value)
	}
	return args
}

// Environment says the same as ServeArgs, as variables: NAME=value.
func (s *Stack) Environment() []string {
	var variables []string
	for _, setting := range s.settings() {
		name := "SKALD_" + strings.ToUpper(strings.ReplaceAll(setting.name, "-", "_"))
		variables = append(variables, name+"="+setting.value)
	}
	return variables
}
