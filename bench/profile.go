package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/skald-saga/skald/bench/child"
)

// takeProfile writes a CPU profile of skald dev under the closed loop, as `go build
// -pgo` takes it.
func (b *bench) takeProfile(ctx context.Context, into string) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	dir := filepath.Join(b.dir, "profiled")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return b.profiled(ctx, dir, port, into)
}

func (b *bench) profiled(ctx context.Context, dir string, port string, into string) (err error) {
	var at installation
	process, err := child.Start(ctx, filepath.Join(dir, "log"), &at, b.skald, "dev", "--dir", filepath.Join(dir, "data"), "--port", "0",
		"--temporal-ui-port", "0", "--temporal-port", "0", "--kafka-port", "0", "--profile-port", port, "--output", "json")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.Stop()) }()
	fetched := make(chan error, 1)
	go func() { fetched <- fetchProfile(ctx, port, b.warmUp, b.duration, into) }()
	report, err := b.drive(ctx, at, process.PID(), "--duration", b.duration.String(), "--warm-up", b.warmUp.String(), "--in-flight", strconv.Itoa(b.inFlight))
	note("profiled %d sagas at %.1f a second", report.Ended, report.SagasPerSecond)
	return errors.Join(err, <-fetched)
}

// fetchProfile asks for the profile of a while that begins after the warm-up.
func fetchProfile(ctx context.Context, port string, after, during time.Duration, into string) error {
	select {
	case <-time.After(after):
	case <-ctx.Done():
		return ctx.Err()
	}
	url := fmt.Sprintf("http://127.0.0.1:%s/debug/pprof/profile?seconds=%d", port, max(1, int(during.Seconds())))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("fetch the profile: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch the profile: %s", response.Status)
	}
	file, err := os.Create(into) //nolint:gosec // G304: the file that the user names
	if err != nil {
		return err
	}
	_, err = io.Copy(file, response.Body)
	return errors.Join(err, file.Close())
}
