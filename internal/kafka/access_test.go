package kafka_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/credential"
	"github.com/skald-saga/skald/internal/kafka"
)

func TestWhatAnACLForbidsIsNamedWithItsTopicOrGroup(t *testing.T) {
	t.Parallel()
	client := limited(t,
		allow(kmsg.ACLResourceTypeTopic, skald.TopicOrders, kmsg.ACLOperationRead),
		allow(kmsg.ACLResourceTypeTopic, skald.TopicEvents, kmsg.ACLOperationWrite),
		allow(kmsg.ACLResourceTypeGroup, skald.GroupIntake, kmsg.ACLOperationRead),
	)
	wanted := []kafka.Access{{Topic: skald.TopicOrders, Read: true}, {Topic: skald.TopicEvents, Write: true}}
	if err := kafka.CheckAccess(deadline(t), client, wanted, skald.GroupIntake); err != nil {
		t.Errorf("what is allowed: %v", err)
	}
	more := append(wanted, kafka.Access{Topic: skald.TopicOrders, Write: true}, kafka.Access{Topic: skald.TopicDeadLetters, Read: true})
	err := kafka.CheckAccess(deadline(t), client, more, skald.GroupReplay)
	if !errors.Is(err, kerr.TopicAuthorizationFailed) || !errors.Is(err, kerr.GroupAuthorizationFailed) || errors.Is(err, credential.ErrRefused) {
		t.Fatalf("what is not: %v", err)
	}
	var said []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		said = append(said, line[:strings.Index(line, " Not")])
	}
	want := []string{
		"topic skald.orders.v1: TOPIC_AUTHORIZATION_FAILED:",
		"topic skald.orders.v1.dlq: TOPIC_AUTHORIZATION_FAILED:",
		"group skald-dlq-replay: GROUP_AUTHORIZATION_FAILED:",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("it says (-want +got):\n%s\n%v", diff, err)
	}
}

func TestABrokerWithoutACLsAllowsEverything(t *testing.T) {
	t.Parallel()
	client, _ := broker(t, kfake.SeedTopics(1, skald.Topics()...))
	wanted := []kafka.Access{{Topic: skald.TopicOrders, Read: true, Write: true}}
	if err := kafka.CheckAccess(deadline(t), client, wanted, skald.GroupIntake); err != nil {
		t.Error(err)
	}
}

// In production topics are made by somebody who may, and skald's user may not.
func TestTopicsThatAreThereNeedNoRightToMakeThem(t *testing.T) {
	t.Parallel()
	var acls []kfake.ACL
	for _, topic := range skald.Topics() {
		acls = append(acls, allow(kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationDescribe))
	}
	if err := kafka.EnsureTopics(deadline(t), limited(t, acls...), kafka.TopicOptions{}); err != nil {
		t.Error(err)
	}
	err := kafka.EnsureTopics(deadline(t), limited(t, acls[1:]...), kafka.TopicOptions{})
	if !errors.Is(err, kerr.TopicAuthorizationFailed) || !strings.HasPrefix(err.Error(), "create topic skald.orders.v1: ") {
		t.Errorf("of a topic that cannot be seen: %v", err)
	}
}

func allow(resource kmsg.ACLResourceType, name string, operation kmsg.ACLOperation) kfake.ACL {
	return kfake.ACL{Resource: resource, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: operation, Allow: true}
}

// limited is a client of a user who may do only that, on a cluster with all of
// skald's topics.
func limited(t *testing.T, acls ...kfake.ACL) *kgo.Client {
	t.Helper()
	made := cluster(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.SeedTopics(1, skald.Topics()...),
		kfake.User("SCRAM-SHA-512", "skald", password, acls...))
	client, err := kafka.NewClient(kafka.Options{Brokers: made.ListenAddrs(), Security: as(kafka.MechanismScramSHA512, password)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestSecurityThatCannotBeIsNamed(t *testing.T) {
	t.Parallel()
	secret := credential.NewSecret(password)
	for want, s := range map[string]kafka.Security{
		`kafka: Security.Mechanism is "gssapi", must be of ["plain" "scram-sha-256" "scram-sha-512" "oauthbearer"]`:          {Mechanism: "gssapi"},
		"kafka: Security.Mechanism is missing: a user, password or token is given":                                           {User: "skald"},
		"kafka: Security.User and Security.Password are required with plain":                                                 {Mechanism: kafka.MechanismPlain, User: "skald"},
		`kafka: Security.Token and Security.TokenURL are for oauthbearer, and Mechanism is "plain"`:                          {Mechanism: kafka.MechanismPlain, User: "skald", Password: secret, Token: secret},
		"kafka: Security: oauthbearer needs a Token or a TokenURL, and not both":                                             {Mechanism: kafka.MechanismOAuthBearer},
		"kafka: Security.User and Security.Password are required with a TokenURL: the client's ID and secret":                {Mechanism: kafka.MechanismOAuthBearer, TokenURL: "https://login.example"},
		"kafka: Security.User and Security.Password are of no use with a Token: leave them out":                              {Mechanism: kafka.MechanismOAuthBearer, Token: secret, User: "skald"},
		"kafka: Security.TokenURL must be a URL such as https://login.example/oauth2/token, without user and password":       {Mechanism: kafka.MechanismOAuthBearer, TokenURL: "https://a:" + password + "@login.example", User: "skald", Password: secret},
		"kafka: Security.TokenURL must begin with https://, unless it is on this machine: the client's secret travels there": {Mechanism: kafka.MechanismOAuthBearer, TokenURL: "http://login.example", User: "skald", Password: secret},
		"kafka: Security.TLS: CA: open /does/not/exist: no such file or directory":                                           {TLS: credential.TLS{Enabled: true, CA: "/does/not/exist"}},
		"kafka: Security.Password: secret: open /does/not/exist: no such file or directory":                                  {Mechanism: kafka.MechanismPlain, User: "skald", Password: credential.SecretFile("/does/not/exist")},
	} {
		if err := s.Validate(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
