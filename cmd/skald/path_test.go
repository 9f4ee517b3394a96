package main

import (
	"path/filepath"
	"testing"

	"github.com/alecthomas/kong"
)

func TestAnEmptyPathIsNoneAndAnyOtherIsMadeWhole(t *testing.T) {
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{"": "", "ca.pem": filepath.Join(here, "ca.pem"), "/etc/ca.pem": "/etc/ca.pem"} {
		t.Setenv("SKALD_KAFKA_CA", given)
		var grammar cli
		parser, err := newParser(&grammar, &console{}, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		var command *kong.Context
		if command, err = parser.Parse([]string{"events", "tail"}); err != nil {
			t.Fatal(err)
		}
		if got := grammar.Events.Tail.KafkaCA; got != want {
			t.Errorf("%s with SKALD_KAFKA_CA=%q reads %q, want %q", command.Command(), given, got, want)
		}
	}
}
