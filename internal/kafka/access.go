package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Access is what somebody does with a topic.
type Access struct {
	Topic       string
	Read, Write bool
}

// CheckAccess asks the broker what this client may do, and errors when that is
// less than wanted, naming the topic or the group and the operation. A broker
// that does not tell (before 2.3) is taken to allow it.
func CheckAccess(ctx context.Context, client *kgo.Client, topics []Access, groups ...string) error {
	admin := kadm.NewClient(client)
	var missing []error
	for _, topic := range topics {
		missing = append(missing, topic.check(ctx, admin))
	}
	for _, group := range groups {
		missing = append(missing, checkGroup(ctx, admin, group))
	}
	return errors.Join(missing...)
}

func (a Access) check(ctx context.Context, admin *kadm.Client) error {
	listed, err := look(kadm.WithAuthorizedOps(ctx), admin, a.Topic)
	if err != nil {
		return fmt.Errorf("topic %s: %w", a.Topic, err)
	}
	var missing []error
	for _, want := range []struct {
		wanted    bool
		operation kmsg.ACLOperation
	}{{a.Read, kmsg.ACLOperationRead}, {a.Write, kmsg.ACLOperationWrite}} {
		if want.wanted && len(listed.AuthorizedOperations) > 0 && !slices.Contains(listed.AuthorizedOperations, want.operation) {
			missing = append(missing, fmt.Errorf("topic %s: %w: an ACL must allow %s", a.Topic, kerr.TopicAuthorizationFailed, want.operation))
		}
	}
	return errors.Join(missing...)
}

// look asks for one topic: of several, the first that may not be seen would be
// all of the answer.
func look(ctx context.Context, admin *kadm.Client, topic string) (kadm.TopicDetail, error) {
	listed, err := admin.ListTopics(ctx, topic)
	if err != nil {
		return kadm.TopicDetail{}, err
	}
	return listed[topic], listed[topic].Err
}

// checkGroup looks at a group that need not exist yet. To see it takes what to
// be in it takes, or less.
func checkGroup(ctx context.Context, admin *kadm.Client, group string) error {
	described, err := admin.DescribeGroups(ctx, group)
	if err == nil {
		err = described[group].Err
	}
	allowed := described[group].AuthorizedOperations
	if errors.Is(err, kerr.GroupAuthorizationFailed) ||
		err == nil && len(allowed) > 0 && !slices.Contains(allowed, kmsg.ACLOperationRead) {
		return fmt.Errorf("group %s: %w: an ACL must allow READ", group, kerr.GroupAuthorizationFailed)
	}
	return nil // a coordinator that does not answer is not an ACL's fault: the member itself will tell
}
