package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/skald-saga/skald/internal/credential"
)

// Reach asks whether a broker talks to a client with these options, on a
// connection of its own. The error is a *credential.Refusal when a broker is
// there and would not have us; anything else may pass by itself.
func Reach(ctx context.Context, o Options) error {
	client, err := newClient(o)
	if err != nil {
		return err
	}
	defer client.Close()
	err = client.Ping(ctx)
	switch {
	case err == nil, errors.Is(err, credential.ErrRefused): // the latter by whoever issues tokens
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("kafka: %w", err)
	}
	kind, answer := o.kindOf(err)
	if kind == "" {
		kind, answer = o.probe(ctx, err)
		// A broker that was only away may have come back since, and answered the
		// probe: whoever would not have us still will not.
		if kind != "" && client.Ping(ctx) == nil {
			return nil
		}
	}
	if kind == "" {
		return fmt.Errorf("kafka: %w", err)
	}
	return &credential.Refusal{Dependency: "Kafka", Address: strings.Join(o.Brokers, ", "), Kind: kind, Err: answer}
}

func (o Options) kindOf(err error) (credential.Kind, error) {
	for _, wrong := range []error{kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism, kerr.IllegalSaslState} {
		if errors.Is(err, wrong) {
			return credential.KindWrong, err
		}
	}
	kind, _ := credential.KindOf(err)
	return kind, err
}

// probe finds out what a broker wanted that just ended the connection: a user,
// TLS or the lack of it. To the client all three look like an outage.
func (o Options) probe(ctx context.Context, err error) (credential.Kind, error) {
	for _, broker := range o.Brokers {
		if !o.Security.TLS.Enabled && credential.SpeaksTLS(ctx, broker) {
			return credential.KindWantsTLS, err
		}
		if kind, refused := o.Security.TLS.Objection(ctx, broker); o.Security.TLS.Enabled && refused {
			return kind, err
		}
		mechanisms, speaks := o.mechanismsOf(ctx, broker, o.Security.TLS)
		if speaks && o.Security.Mechanism == "" && len(mechanisms) > 0 {
			return credential.KindWantsUser, fmt.Errorf("it offers %s", strings.Join(mechanisms, ", "))
		}
		if _, plain := o.mechanismsOf(ctx, broker, credential.TLS{}); !speaks && plain {
			return credential.KindNoTLS, err
		}
	}
	return "", err
}

// mechanismsOf asks a broker for SASL by a mechanism that does not exist, the
// one question that it answers to anybody: with those that do, none where
// there is no SASL. speaks is false when it does not answer at all.
func (o Options) mechanismsOf(ctx context.Context, broker string, tls credential.TLS) (mechanisms []string, speaks bool) {
	o.Brokers, o.Security = []string{broker}, Security{TLS: tls}
	client, err := newClient(o)
	if err != nil {
		return nil, false
	}
	defer client.Close()
	question := kmsg.NewPtrSASLHandshakeRequest()
	question.Mechanism = "NONE"
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	answer, err := client.SeedBrokers()[0].Request(ctx, question)
	if err != nil {
		return nil, false
	}
	handshake, ok := answer.(*kmsg.SASLHandshakeResponse)
	return handshake.SupportedMechanisms, ok
}
