package doctor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// Cluster is the Kafka behind a client. It does not own the client.
type Cluster struct {
	client *kgo.Client
	admin  *kadm.Client
}

// ReachCluster is the cluster behind client; it errors when that does not
// answer.
func ReachCluster(ctx context.Context, client *kgo.Client) (*Cluster, error) {
	if err := client.Ping(ctx); err != nil {
		return nil, err
	}
	return &Cluster{client, kadm.NewClient(client)}, nil
}

// Brokers implements Kafka.
func (c *Cluster) Brokers(ctx context.Context) (Brokers, error) {
	versions, err := c.admin.ApiVersions(ctx)
	if err != nil {
		return Brokers{}, fmt.Errorf("ask brokers for their versions: %w", err)
	}
	found := Brokers{Count: len(versions)}
	for _, version := range versions {
		if version.Err != nil {
			return found, fmt.Errorf("ask broker %d for its version: %w", version.NodeID, version.Err)
		}
		number, guess := versionOf(version)
		if found.Guess == "" || before(number, found.Version) {
			found.Version, found.Guess = number, guess
		}
	}
	return found, c.brokerSettings(ctx, &found, versions)
}

// versionOf guesses by the requests that a broker understands. Brokers that are
// not Apache's understand other sets of them, so that two are looked for that
// skald's own demands come with: batches with headers, and the consumer groups
// of 4.0.
func versionOf(broker kadm.BrokerApiVersions) (number [2]int, guess string) {
	guess = kversion.FromApiVersionsResponse(broker.Raw()).VersionGuess()
	number = numberIn(guess)
	produce, _ := broker.KeyMaxVersion(kmsg.Produce.Int16())
	groups, _ := broker.KeyMaxVersion(kmsg.ConsumerGroupHeartbeat.Int16())
	switch {
	case produce < 3:
		return [2]int{0, 10}, "Kafka before 0.11"
	case groups >= 1 && before(number, testedKafka):
		return testedKafka, "Kafka 4.0 or newer"
	}
	return number, "Kafka " + strings.Replace(guess, "v", "", 1)
}

var versionNumber = regexp.MustCompile(`v(\d+)\.(\d+)`)

// numberIn is the first version in a guess such as "at least v4.3", zero when
// there is none.
func numberIn(guess string) (number [2]int) {
	found := versionNumber.FindStringSubmatch(guess)
	if found == nil {
		return number
	}
	major, majorErr := strconv.Atoi(found[1])
	minor, minorErr := strconv.Atoi(found[2])
	if majorErr != nil || minorErr != nil { // more digits than a number has
		return number
	}
	return [2]int{major, minor}
}

func (c *Cluster) brokerSettings(ctx context.Context, found *Brokers, versions kadm.BrokersApiVersions) error {
	var ids []int32
	for id := range versions {
		ids = append(ids, id)
	}
	described, err := c.admin.DescribeBrokerConfigs(ctx, ids...)
	if _, refused := errors.AsType[*kadm.AuthError](err); refused {
		found.Denied = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask brokers for their settings: %w", err)
	}
	found.Settings = map[string][]string{}
	for _, broker := range described {
		if broker.Err != nil {
			return fmt.Errorf("ask broker %s for its settings: %w", broker.Name, broker.Err)
		}
		for _, config := range broker.Configs {
			if value := config.MaybeValue(); !slices.Contains(found.Settings[config.Key], value) {
				found.Settings[config.Key] = append(found.Settings[config.Key], value)
			}
		}
	}
	return nil
}
