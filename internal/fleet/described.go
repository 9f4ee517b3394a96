package fleet

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// composeService is a service as the file describes it.
type composeService struct {
	Image       string                `yaml:"image"`
	Command     []string              `yaml:"command"`
	Environment map[string]string     `yaml:"environment"`
	DependsOn   map[string]dependency `yaml:"depends_on"`
	Health      *composeHealth        `yaml:"healthcheck"`
	Grace       string                `yaml:"stop_grace_period"`
	Restart     string                `yaml:"restart"`
	Deploy      struct {
		Replicas *int `yaml:"replicas"`
	} `yaml:"deploy"`
}

type dependency struct {
	Condition string `yaml:"condition"`
}

type composeHealth struct {
	Test          []string      `yaml:"test"`
	Timeout       time.Duration `yaml:"timeout"`
	StartPeriod   time.Duration `yaml:"start_period"`
	StartInterval time.Duration `yaml:"start_interval"`
}

func (s composeService) isSkald() bool {
	name, _, _ := strings.Cut(s.Image, ":")
	return name == image
}

func (s composeService) service(name string) (Service, error) {
	service := Service{Name: name, Command: s.Command, Environment: s.Environment, Replicas: 1, Grace: DefaultGrace, Attempts: 1}
	if s.Deploy.Replicas != nil {
		service.Replicas = *s.Deploy.Replicas
	}
	if s.Grace != "" {
		grace, err := time.ParseDuration(s.Grace)
		if err != nil {
			return Service{}, fmt.Errorf("stop_grace_period: %w", err)
		}
		service.Grace = grace
	}
	if retries, limited := strings.CutPrefix(s.Restart, "on-failure:"); limited {
		var count int
		if _, err := fmt.Sscanf(retries, "%d", &count); err != nil {
			return Service{}, fmt.Errorf("restart: %w", err)
		}
		service.Attempts += count
	}
	health, err := s.Health.check()
	service.Health = health
	return service, err
}

func (h *composeHealth) check() (*Health, error) {
	if h == nil {
		return nil, nil //nolint:nilnil // a service without a health check
	}
	if len(h.Test) < 3 || h.Test[0] != "CMD" || h.Test[1] != "/skald" {
		return nil, fmt.Errorf("healthcheck: test is %q, must be CMD, /skald and its arguments: there is no other program in the image", h.Test)
	}
	if h.Timeout <= 0 || h.StartInterval <= 0 || h.StartPeriod <= 0 {
		return nil, errors.New("healthcheck: timeout, start_period and start_interval must be given")
	}
	return &Health{Args: h.Test[2:], Timeout: h.Timeout, StartPeriod: h.StartPeriod, StartInterval: h.StartInterval}, nil
}
