package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/twmb/franz-go/pkg/kadm"
)

// clusterID names the Kafka cluster of every stack: 16 bytes as unpadded
// base64, as Kafka wants it. Clusters that never meet may share it.
const clusterID = "c2thbGQtc3RhY2stMDAwMQ"

// Kafka is one broker in KRaft mode: the first with the controller, or another.
type Kafka struct {
	*server
	java     command // runs any of Kafka's programs
	config   string
	values   kafkaConfig
	security *security
}

// kafkaConfig fills config/kafka.properties.
type kafkaConfig struct {
	Node                     int // from 1; the first is the controller, too
	Client, Controller, Data string
	Replicas, InSync         int            // of every topic
	Secure                   *kafkaSecurity // nil without security
}

// newKafka is the broker with that number, from 1.
func newKafka(o Options, node int, used ports, secured *security, f *folder) *Kafka {
	name, port := "kafka", used.Kafka
	if node > 1 {
		name, port = "kafka-"+strconv.Itoa(node), used.Brokers[node-2]
	}
	k := &Kafka{
		security: secured, config: f.join(name, "server.properties"),
		values: kafkaConfig{
			Node: node, Client: address(port), Controller: address(used.Controller), Data: f.join(name, "data"),
			Replicas: o.Brokers, InSync: max(1, o.Brokers-1),
		},
	}
	java := []string{
		"-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", // the least memory and the fewest threads
		"-Dlog4j2.configurationFile=" + f.join(name, "log4j2.properties"),
	}
	if secured != nil {
		k.values.Secure = newKafkaSecurity(secured, used.KafkaTLS)
		java = append(java, "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls="+k.values.Secure.Keys) // it reads no other
	}
	k.java = command{
		path: o.Tools.Java, args: append(java, "-cp", filepath.Join(o.Tools.Kafka, "*")),
		dir: f.join(name), log: f.join(name + ".log"), stop: syscall.SIGTERM, inherits: []*os.File{f.lock},
	}
	k.server = newServer(o, "K"+name[1:], k.program("kafka.Kafka", k.config), port, f)
	k.probe = k.ready
	return k
}

func (k *Kafka) program(class string, args ...string) command {
	c := k.java
	c.args = append(append(append([]string{}, c.args...), class), args...)
	return c
}

// prepare writes the configuration, and formats the data folder when it is new.
func (k *Kafka) prepare(ctx context.Context) error {
	if err := os.MkdirAll(k.java.dir, 0o700); err != nil {
		return err
	}
	if err := writeConfig(k.config, "kafka.properties", k.values); err != nil {
		return err
	}
	if err := writeConfig(filepath.Join(k.java.dir, "log4j2.properties"), "log4j2.properties", nil); err != nil {
		return err
	}
	return k.program("kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", clusterID, "-c", k.config).run(ctx)
}

// ready is the probe: the broker serves, and knows skald where it has to.
func (k *Kafka) ready(ctx context.Context) error {
	return k.administer(func(admin *kadm.Client) error {
		if err := k.serves(ctx, admin); err != nil {
			return err
		}
		return k.ensureUser(ctx, admin)
	})
}

// serves is content when the broker knows its controller and itself, and every
// partition has a leader: after a crash, logs are recovered first.
func (k *Kafka) serves(ctx context.Context, admin *kadm.Client) error {
	metadata, err := admin.Metadata(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(metadata.Brokers.NodeIDs(), int32(k.values.Node)) || metadata.Controller < 0 { //nolint:gosec // up to MaxBrokers
		return errors.New("no controller yet")
	}
	for _, topic := range metadata.Topics.Sorted() {
		for _, partition := range topic.Partitions.Sorted() {
			if partition.Leader < 0 {
				return fmt.Errorf("partition %d of %s has no leader yet", partition.Partition, topic.Topic)
			}
		}
	}
	return nil
}
