package doctor

import (
	"context"
	"strings"
)

// Kafka answers about the cluster. Cluster is one.
type Kafka interface {
	Brokers(context.Context) (Brokers, error)
	// Topics are skald's, in skald's order, also those that are missing.
	Topics(context.Context) ([]Topic, error)
	// Group is a consumer group of skald's, and how far it is with the orders.
	Group(ctx context.Context, name string) (Group, error)
	// Written is how many records the event topics have ever got.
	Written(context.Context) (int64, error)
}

// Brokers are the cluster's.
type Brokers struct {
	Count int
	// Version is the oldest broker's, as major and minor; Guess says it for
	// people, because brokers do not say it themselves.
	Version [2]int
	Guess   string
	// Settings hold every value that some broker has. Nil with Denied, when this
	// user may not read them.
	Settings map[string][]string
	Denied   bool
}

// Topic is one topic.
type Topic struct {
	Name    string
	Missing bool
	Hidden  bool // this user may not even see it
	// Partitions, and of those how many have no leader, or less replicas in sync
	// than there should be.
	Partitions, Leaderless, Behind int
	Replicas                       int               // the least of any partition
	Settings                       map[string]string // as they apply. Nil with Denied
	Denied                         bool              // this user may not read the settings
	// May are the operations that this user may do, in Kafka's words; MayUnknown
	// when the cluster does not say.
	May        []string
	MayUnknown bool
}

// there reports whether anything can be said about the topic.
func (t Topic) there() bool { return !t.Missing && !t.Hidden }

// Group is a consumer group.
type Group struct {
	Name    string
	Unused  bool // nobody has read as it
	Refused bool // this user may not read as this group
	Members int
	Waiting int64 // orders that it has not done
	Lost    int64 // orders that were deleted before it had done them
}

func (d *Doctor) askKafka(kafka Kafka) []question {
	of := func(name string) check { return check{"kafka", name} }
	return []question{
		{of("brokers"), func(ctx context.Context) ([]Finding, error) { return d.askBrokers(ctx, kafka) }},
		{of("topics"), func(ctx context.Context) ([]Finding, error) { return d.askTopics(ctx, kafka) }},
		{of("groups"), func(ctx context.Context) ([]Finding, error) { return d.askGroups(ctx, kafka) }},
	}
}

// askTopics asks for the brokers again: how many replicas there should be
// depends on how many can hold one.
func (d *Doctor) askTopics(ctx context.Context, kafka Kafka) ([]Finding, error) {
	topics, err := kafka.Topics(ctx)
	if err != nil {
		return nil, err
	}
	brokers, err := kafka.Brokers(ctx)
	if err != nil {
		return nil, err
	}
	findings := []Finding{d.judgeExistence(topics)}
	var there []Topic
	for _, topic := range topics {
		if topic.there() {
			there = append(there, topic)
		}
	}
	if len(there) == 0 {
		return findings, nil
	}
	return append(findings, d.judgeTopics(there, brokers)...), nil
}

func (d *Doctor) judgeTopics(topics []Topic, brokers Brokers) []Finding {
	findings := []Finding{
		d.judgePartitions(topics), d.judgeReplicas(topics, brokers), judgeLeaders(topics), d.judgeRights(topics),
	}
	var readable []Topic
	for _, topic := range topics {
		if !topic.Denied {
			readable = append(readable, topic)
		}
	}
	if len(readable) == 0 {
		return append(findings, check{"kafka", "topic settings"}.skip("this user may not read them (DescribeConfigs)"))
	}
	return append(findings, d.judgeTopicSettings(readable)...)
}

func (d *Doctor) judgeExistence(topics []Topic) Finding {
	c := check{"kafka", "topics"}
	var missing, hidden []string
	for _, topic := range topics {
		switch {
		case topic.Missing:
			missing = append(missing, topic.Name)
		case topic.Hidden:
			hidden = append(hidden, topic.Name)
		}
	}
	switch {
	case len(missing) > 0:
		return c.fail("missing: "+strings.Join(missing, ", "), "Intake and relay wait until every topic is there.", d.command("setup"))
	case len(hidden) > 0:
		return c.fail("this user may not see "+strings.Join(hidden, ", "), "For this user they are not there.", d.allow(hidden, "Describe")...)
	}
	return c.ok("all %d are there", len(topics))
}
