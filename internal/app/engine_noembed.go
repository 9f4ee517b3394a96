//go:build noembed

package app

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// This file stands in for engine.go in a program that only ever serves: without
// Temporal's server, its UI and kfake it is less than a third of the size. What
// others say in terms of the engine stays, so that nobody else has to know of
// the tag.

var errNoEngine = errors.New("built without the embedded engine (tag noembed): " +
	"use skald serve with a Kafka, a Temporal and a database, or a skald built without that tag")

// Engine is never made in this build.
type Engine struct{}

// Failed never receives.
func (*Engine) Failed() <-chan error { return nil }

// Close has nothing to close.
func (*Engine) Close() error { return nil }

// ErrLocked is never returned in this build.
var ErrLocked = errors.New("the data folder is in use by another skald process")

// HolderOf errors: in this build nobody opens data folders.
func HolderOf(string) (pid int, err error) { return 0, errNoEngine }

// VersionError is never returned in this build.
type VersionError struct {
	File        string
	Found, Want string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s was written by another version (%s; this is %s)", e.File, e.Found, e.Want)
}

// PortError says that a port cannot be listened on; its Name is "HTTP".
type PortError struct {
	Name string
	Port int
	Err  error
}

func (e *PortError) Error() string {
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return fmt.Sprintf("port %d for %s is in use by another program", e.Port, e.Name)
	}
	return fmt.Sprintf("port %d for %s: %v", e.Port, e.Name, e.Err)
}

func (e *PortError) Unwrap() error { return e.Err }

func (DevConfig) startEngine(context.Context) (*Engine, Config, error) {
	return nil, Config{}, errNoEngine
}
