package stack

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/skald-saga/skald"
)

// Grant is one thing that Kafka lets a user do, as one access control list
// entry says it: from any host, on a resource of exactly that name.
type Grant struct {
	Resource  Resource
	Name      string
	Operation kadm.ACLOperation
	// Why says which part of skald needs it, and for what.
	Why string
}

// Resource is a kind of thing that a grant is about.
type Resource string

// The resources that skald needs grants on.
const (
	Topic Resource = "topic"
	Group Resource = "group"
)

// Grants are all that skald needs: with them every command and every role works,
// and without any one of them something does not. Describe comes with Read and
// with Write, and writing to a topic suffices for writing idempotently; skald
// uses no transactions and needs nothing on the cluster. (skald doctor can say
// more with DescribeConfigs on the cluster, and does without.)
func Grants() []Grant {
	grants := []Grant{
		{Topic, skald.TopicOrders, kadm.OpWrite, "relay: orders and cancels taken over HTTP; skald dlq replay"},
		{Topic, skald.TopicOrders, kadm.OpRead, "worker: intake; skald audit, skald events tail"},
		{Group, skald.GroupIntake, kadm.OpRead, "worker: intake joins and commits"},
		{Topic, skald.TopicEvents, kadm.OpWrite, "relay; worker: its auditor, what a relay missed"},
		{Topic, skald.TopicEvents, kadm.OpRead, "worker: its auditor; skald audit, skald events tail"},
		{Topic, skald.TopicCompensations, kadm.OpWrite, "relay; worker: its auditor, what a relay missed"},
		{Topic, skald.TopicCompensations, kadm.OpRead, "worker: its auditor; skald audit, skald events tail"},
		{Topic, skald.TopicDeadLetters, kadm.OpWrite, "worker: messages that intake cannot use; skald dlq: verdicts"},
		{Topic, skald.TopicDeadLetters, kadm.OpRead, "skald dlq, skald audit"},
		{Group, skald.GroupReplay, kadm.OpRead, "skald dlq replay commits how far it came"},
	}
	for _, topic := range skald.Topics() {
		grants = append(grants,
			Grant{Topic, topic, kadm.OpCreate, "skald setup, and skald serve when the topic is missing"},
			Grant{Topic, topic, kadm.OpDescribeConfigs, "skald doctor compares retention"},
		)
	}
	return grants
}

// filter matches the entry, for creating, describing and deleting.
func (g Grant) filter(user string) *kadm.ACLBuilder {
	b := kadm.NewACLs().Allow("User:" + user).AllowHosts("*").ResourcePatternType(kadm.ACLPatternLiteral).Operations(g.Operation)
	if g.Resource == Group {
		return b.Groups(g.Name)
	}
	return b.Topics(g.Name)
}

func permit(ctx context.Context, admin *kadm.Client, user string, grants []Grant) error {
	for _, grant := range grants {
		results, err := admin.CreateACLs(ctx, grant.filter(user))
		for _, result := range results {
			err = errors.Join(err, result.Err)
		}
		if err != nil {
			return fmt.Errorf("permit %s %s %s %s: %w", user, grant.Operation, grant.Resource, grant.Name, err)
		}
	}
	return awaitGrants(ctx, admin, user, grants, true)
}

// awaitGrants waits until the broker acts on the grants, or no longer does. The
// controller has answered by then, and the broker follows it.
func awaitGrants(ctx context.Context, admin *kadm.Client, user string, grants []Grant, want bool) error {
	for _, grant := range grants {
		err := await(ctx, func() (bool, error) {
			found, err := admin.DescribeACLs(ctx, grant.filter(user))
			if err != nil || len(found) != 1 {
				return false, err
			}
			return len(found[0].Described) > 0 == want, found[0].Err
		})
		if err != nil {
			return fmt.Errorf("grants of %s: %w", user, err)
		}
	}
	return nil
}
