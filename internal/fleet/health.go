package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"time"
)

// AwaitHealthy asks the process' health check, as often as the file says for a
// container that starts, until it passes. It errors when the process ends, when
// start_period is over, or when the service has no health check.
func (p *Process) AwaitHealthy(ctx context.Context) error {
	check := p.service.Health
	if check == nil {
		return fmt.Errorf("%s has no health check", p.name)
	}
	ctx, cancel := context.WithTimeout(ctx, check.StartPeriod)
	defer cancel()
	pause := time.NewTicker(check.StartInterval)
	defer pause.Stop()
	for {
		err := p.Healthy(ctx)
		if p.PID() == 0 {
			return fmt.Errorf("%s ended before it was healthy; %s", p.name, p.lastWords())
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not healthy: %w; %s", p.name, err, p.lastWords())
		case <-pause.C:
		}
	}
}

// Healthy runs the service's health check once: skald again, as the file says,
// asking this replica. It errors when the check fails or takes too long.
func (p *Process) Healthy(ctx context.Context) error {
	check := p.service.Health
	if check == nil {
		return errors.New("there is no health check")
	}
	ctx, cancel := context.WithTimeout(ctx, check.Timeout)
	defer cancel()
	environment := maps.Clone(p.environment())
	environment[variableServer] = p.URL()
	_, err := p.o.program(environment).run(ctx, check.Args...)
	return err
}

// lastWords are where the log is and how it ends.
func (p *Process) lastWords() string {
	text, err := tail(p.log, lastWordsBytes)
	if err != nil {
		return fmt.Sprintf("its log cannot be read: %v", err)
	}
	return fmt.Sprintf("its log %s ends with:\n%s", p.log, text)
}

func tail(path string, limit int64) (string, error) {
	file, err := os.Open(path) //nolint:gosec // a log of this package
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // it was only read
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	if _, err := file.Seek(max(0, size-limit), io.SeekStart); err != nil {
		return "", err
	}
	text, err := io.ReadAll(file)
	return strings.TrimSpace(string(text)), err
}
