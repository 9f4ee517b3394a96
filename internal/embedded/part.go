package embedded

import (
	"context"
	"path/filepath"
)

// StartKafka starts the broker again on its port and folder after StopKafka.
// It does nothing when it runs.
func (e *Engine) StartKafka(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ErrClosed
	}
	if e.kafka != nil {
		return nil
	}
	kafka, err := StartKafka(KafkaOptions{
		Dir:        filepath.Join(e.options.Dir, "kafka"),
		Port:       e.options.KafkaPort,
		Durability: e.options.Durability,
		Logger:     e.options.Logger,
		LogLevel:   e.options.LogLevel,
	})
	if err != nil {
		return err
	}
	e.kafka = kafka
	return nil
}

// StopKafka stops the broker alone. It does nothing when it is stopped.
func (e *Engine) StopKafka() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return stop(&e.kafka)
}

// StartTemporal starts a server again on its port and folder after
// StopTemporal. It does nothing when it runs.
func (e *Engine) StartTemporal(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ErrClosed
	}
	if e.temporal != nil {
		return nil
	}
	server, err := StartTemporal(ctx, TemporalOptions{
		Dir:              filepath.Join(e.options.Dir, "temporal"),
		Namespace:        e.options.Namespace,
		Port:             e.options.TemporalPort,
		Durability:       e.options.Durability,
		Retention:        e.options.Retention,
		SearchAttributes: e.options.SearchAttributes,
		Logger:           e.options.Logger,
		LogLevel:         e.options.LogLevel,
		OnFailure:        e.report,
	})
	if err != nil {
		return err
	}
	e.temporal = server
	return nil
}

// StopTemporal stops the server alone; the UI stays and shows that it has no
// server. It does nothing when it is stopped.
func (e *Engine) StopTemporal() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return stop(&e.temporal)
}

func (e *Engine) startUI(context.Context) error {
	if e.options.NoUI {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	ui, err := StartUI(UIOptions{
		Port:      e.options.UIPort,
		Temporal:  e.Temporal(),
		Namespace: e.options.Namespace,
		Logger:    e.options.Logger,
		OnFailure: e.report,
	})
	if err != nil {
		return err
	}
	e.ui = ui
	return nil
}

// stop closes a part and forgets it, so that a new one can take its place.
func stop[T any, P interface {
	*T
	Close() error
}](part *P) error {
	running := *part
	if running == nil {
		return nil
	}
	*part = nil
	return running.Close()
}
