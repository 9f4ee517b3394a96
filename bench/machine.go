package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine is where the figures come from: they are worth nothing elsewhere.
type machine struct {
	CPUs  int    `json:"cpus"`
	Model string `json:"model,omitempty"`
	OS    string `json:"os"`
	Go    string `json:"go"`
	Load  string `json:"load_before,omitempty"` // average of the last minute: what else it does
}

func thisMachine() machine {
	return machine{
		CPUs: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Model: procValue("/proc/cpuinfo", "model name"), Load: firstWord("/proc/loadavg"),
	}
}

// procValue is what a file of /proc says under a name; "" where there is none.
func procValue(file, name string) string {
	text, _ := os.ReadFile(file) //nolint:gosec // G304: a file of /proc
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func firstWord(file string) string {
	text, _ := os.ReadFile(file) //nolint:gosec // G304: a file of /proc
	word, _, _ := bytes.Cut(text, []byte(" "))
	return string(word)
}

// build builds skald as make build does. It must be called in the module.
func build(ctx context.Context, program string) error {
	note("building skald")
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "./cmd/skald") //nolint:gosec // G204: our own program
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("build skald: %w", err)
	}
	return nil
}

// note tells on standard error what goes on.
func note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
