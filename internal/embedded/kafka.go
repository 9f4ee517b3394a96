package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

// cleanerInterval is how often kfake applies retention. Its default is one
// hour; a demo's disk would grow for that long.
const cleanerInterval = "60000"

// KafkaOptions describe one broker; Dir and Port are required.
type KafkaOptions struct {
	Dir        string
	Port       int
	Durability Durability
	Logger     *slog.Logger
	LogLevel   slog.Leveler
}

// Kafka is one running kfake broker. It creates no topics, neither by itself
// nor for a client that asks for an unknown one.
type Kafka struct {
	cluster *kfake.Cluster
	close   sync.Once
}

// StartKafka opens the folder and serves it. A port that cannot be listened on
// is a *PortError.
func StartKafka(o KafkaOptions) (*Kafka, error) {
	options := []kfake.Opt{
		// One goroutine serves the whole cluster, so more brokers give no speed.
		kfake.NumBrokers(1),
		kfake.Ports(o.Port),
		kfake.ClusterID("skald-embedded"),
		kfake.DataDir(o.Dir),
		kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": cleanerInterval}),
		kfake.WithLogger(kafkaLog{o.Logger.With("part", "kafka"), o.LogLevel}),
	}
	if o.Durability == SurvivePowerLoss {
		options = append(options, kfake.SyncWrites())
	}
	cluster, err := kfake.NewCluster(options...)
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES) {
		return nil, &PortError{Name: "Kafka", Port: o.Port, Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("open kafka in %s: %w", o.Dir, err)
	}
	return &Kafka{cluster: cluster}, nil
}

// Close stops serving and writes what only a clean stop writes (consumer group
// sessions). kfake reports trouble while doing so to the logger only.
func (k *Kafka) Close() error {
	k.close.Do(k.cluster.Close)
	return nil
}

type kafkaLog struct {
	logger *slog.Logger
	level  slog.Leveler
}

// Logf implements kfake.Logger.
func (l kafkaLog) Logf(level kfake.LogLevel, format string, args ...any) {
	at, known := kafkaLevels[level]
	if !known || at < l.level.Level() || !l.logger.Enabled(context.Background(), at) {
		return
	}
	l.logger.Log(context.Background(), at, fmt.Sprintf(format, args...))
}

var kafkaLevels = map[kfake.LogLevel]slog.Level{
	kfake.LogLevelError: slog.LevelError,
	kfake.LogLevelWarn:  slog.LevelWarn,
	kfake.LogLevelInfo:  slog.LevelInfo,
	kfake.LogLevelDebug: slog.LevelDebug,
}
