package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
)

// leastJava is what Kafka 4 runs on.
const leastJava = 17

// system is where programs are looked for.
type system struct {
	look        func(command string) (path string, err error)
	postgresBin string // where packages put Postgres' programs, outside of the path
	fakeTimeLib string // where packages put libfaketime
}

func thisSystem() system {
	return system{look: exec.LookPath, postgresBin: "/usr/lib/postgresql/*/bin", fakeTimeLib: "/usr/lib/*/faketime/libfaketime.so.1"}
}

// java is the command java when it is new enough.
func (s system) java(ctx context.Context) (string, error) {
	path, err := s.look("java")
	if err != nil {
		return "", fmt.Errorf("java is not installed; Kafka 4 runs on Java %d or newer", leastJava)
	}
	banner, err := exec.CommandContext(ctx, path, "-version").CombinedOutput() //nolint:gosec // the system's own java
	if err != nil {
		return "", fmt.Errorf("%s -version: %w", path, err)
	}
	version, err := javaVersion(string(banner))
	if err != nil {
		return "", fmt.Errorf("%s -version: %w", path, err)
	}
	if version < leastJava {
		return "", fmt.Errorf("%s is Java %d; Kafka 4 runs on Java %d or newer", path, version, leastJava)
	}
	return filepath.Abs(path)
}

var javaBanner = regexp.MustCompile(`version "(?:1\.)?(\d+)`)

// javaVersion reads the feature release from what java -version says: 17 in
// "17.0.15", 8 in "1.8.0_452".
func javaVersion(banner string) (int, error) {
	found := javaBanner.FindStringSubmatch(banner)
	if found == nil {
		return 0, fmt.Errorf("no version in %q", banner)
	}
	return strconv.Atoi(found[1])
}

// postgres is the folder of Postgres' programs. On Debian and its kin only some
// of them are in the path, as links; the newest version counts.
func (s system) postgres() (string, error) {
	if path, err := s.look("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil && holdsPostgres(filepath.Dir(path)) {
			return filepath.Abs(filepath.Dir(path))
		}
	}
	found, err := filepath.Glob(s.postgresBin)
	if err != nil {
		return "", err
	}
	found = slices.DeleteFunc(found, func(dir string) bool { return !holdsPostgres(dir) })
	if len(found) == 0 {
		return "", errors.New("initdb and postgres are not installed; install the Postgres server")
	}
	return slices.MaxFunc(found, byVersion), nil
}

// fakeTime is libfaketime, empty when there is none: nothing needs it but a
// clock that is to be moved.
func (s system) fakeTime() string {
	found, err := filepath.Glob(s.fakeTimeLib)
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[0]
}

// FakeTime is where this system has libfaketime; empty when it has none.
func FakeTime() string { return thisSystem().fakeTime() }

func holdsPostgres(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// byVersion orders folders such as /usr/lib/postgresql/9/bin: 9 before 15.
func byVersion(a, b string) int {
	version := func(dir string) int {
		number, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir))) // what is no number is the oldest
		return number
	}
	return version(a) - version(b)
}

// build runs a program that fetches and builds, with the user's environment:
// that is where proxies and mirrors are configured. The error quotes the end of
// what it said.
func build(ctx context.Context, dir string, variables []string, path string, args ...string) error {
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // mvn or go, with arguments of this package
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), variables...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with the compilers it started
	output, err := cmd.CombinedOutput()
	if err != nil {
		output = bytes.TrimSpace(output)
		return fmt.Errorf("%s: %w\n%s", filepath.Base(path), err, output[max(0, len(output)-lastWordsBytes):])
	}
	return nil
}
