package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// DirVariable names the variable that holds the cache folder of Install.
const DirVariable = "SKALD_STACK_DIR"

// lockPause is how often a process that waits for another one's installation
// looks whether it is over.
const lockPause = 100 * time.Millisecond

// Install makes sure that every program of the stack is there. Kafka's jars
// come through Maven and Temporal's programs through the go command, from where
// those two are configured to fetch, once, into the folder cache; Java and
// Postgres are the system's. The first time takes minutes and wants a network,
// later calls return at once. Several processes may install into one cache at
// the same time: the first does the work.
//
// An empty cache is $SKALD_STACK_DIR, else skald-stack in the user's cache
// folder; a nil logger is slog.Default(). Install errors with a sentence for
// each thing that the system lacks.
func Install(ctx context.Context, cache string, logger *slog.Logger) (Tools, error) {
	cache, err := cacheFolder(cache)
	if err != nil {
		return Tools{}, err
	}
	unlock, err := lockCache(ctx, cache)
	if err != nil {
		return Tools{}, err
	}
	defer unlock()
	i := installer{cache: cache, system: thisSystem(), logger: orDefault(logger)}
	return i.install(ctx)
}

func cacheFolder(given string) (string, error) {
	if given == "" {
		given = os.Getenv(DirVariable)
	}
	if given == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no folder to install into, set %s: %w", DirVariable, err)
		}
		given = filepath.Join(base, "skald-stack")
	}
	cache, err := filepath.Abs(given)
	if err != nil {
		return "", err
	}
	return cache, os.MkdirAll(cache, 0o755) //nolint:gosec // programs that anyone may run
}

// lockCache waits until no other process installs into the cache.
func lockCache(ctx context.Context, cache string) (unlock func(), err error) {
	lock, err := os.OpenFile(filepath.Join(cache, "lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the cache is the caller's choice
	if err != nil {
		return nil, err
	}
	pause := time.NewTicker(lockPause)
	defer pause.Stop()
	for {
		err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = lock.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", cache, err), lock.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for another process that installs into %s: %w", cache, ctx.Err()), lock.Close())
		case <-pause.C:
		}
	}
}

// installer brings programs into a cache.
type installer struct {
	cache  string
	system system
	logger *slog.Logger
}

// install looks for everything before it fetches anything, so that what is
// missing is said at once and completely.
func (i installer) install(ctx context.Context) (Tools, error) {
	kafka, temporal := i.kafka(), i.temporal()
	java, javaErr := i.system.java(ctx)
	postgres, postgresErr := i.system.postgres()
	if err := errors.Join(javaErr, postgresErr, i.canMake(kafka), i.canMake(temporal)); err != nil {
		return Tools{}, err
	}
	for _, part := range []part{kafka, temporal} {
		if err := i.make(ctx, part); err != nil {
			return Tools{}, err
		}
	}
	return Tools{
		Java: java, Kafka: kafka.dir, Postgres: postgres,
		Temporal: filepath.Join(temporal.dir, "server"), TemporalSQL: filepath.Join(temporal.dir, "sql"), FakeTime: i.system.fakeTime(),
	}, nil
}
