package child_test

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skald-saga/skald/bench/child"
)

// TestMain is also the child: a program that says where it is, and echoes.
func TestMain(m *testing.M) {
	switch os.Getenv("SKALD_TEST_CHILD") {
	case "":
		os.Exit(m.Run())
	case "broken":
		fmt.Fprintln(os.Stderr, "no port is free")
		os.Exit(3)
	}
	signal.Ignore(syscall.SIGTERM) // it ends with its input, as a child whose parent was killed
	fmt.Println(`{"address":"here"}`)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		for cpuTime() < 100*time.Millisecond { // what Usage must see
		}
		fmt.Println("you said " + lines.Text())
	}
	os.Exit(0)
}

func TestAChildSaysWhereItIsAnswersAndEndsWithItsInput(t *testing.T) {
	t.Setenv("SKALD_TEST_CHILD", "echo")
	var ready struct{ Address string }
	process, err := child.Start(t.Context(), filepath.Join(t.TempDir(), "log"), &ready, os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if ready.Address != "here" {
		t.Errorf("ready says %q, want what the first line said", ready.Address)
	}
	answer, err := process.Ask(t.Context(), "hello")
	if err != nil || answer != "you said hello\n" {
		t.Errorf("answer %q, %v", answer, err)
	}
	if usage, err := process.Usage(); err == nil && (usage.CPU < 50*time.Millisecond || usage.RSS < 1<<20) {
		t.Errorf("usage %+v: the child has worked", usage)
	}
	if err := process.Stop(); err != nil {
		t.Error(err)
	}
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestAChildThatDoesNotGetReadyIsAnErrorWithItsLastWords(t *testing.T) {
	t.Setenv("SKALD_TEST_CHILD", "broken")
	var ready struct{}
	_, err := child.Start(t.Context(), filepath.Join(t.TempDir(), "log"), &ready, os.Args[0])
	for _, want := range []string{"did not get ready", "exit status 3", "no port is free"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want it to say %q", err, want)
		}
	}
}
