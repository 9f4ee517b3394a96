package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// completionScript is what skald prints for a shell.
func completionScript(t *testing.T, shell string) string {
	t.Helper()
	code, script, stderr := program(t, "completion", shell)
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	return script
}

func TestBashCompletes(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed, so its script cannot be tried")
	}
	script := completionScript(t, "bash")
	for line, want := range map[string]string{
		"skald or":                               "order",
		"skald order ":                           "place get list watch plan cancel --help --config",
		"skald order list --st":                  "--status",
		"skald order list --status c":            "compensating confirmed cancelled",
		"skald order list --output ":             "text json",
		"skald --config x order ca":              "cancel",
		"skald incident show ord_1 refund":       "refund_payment",
		"skald incident resolve a b --action d":  "done_outside",
		"skald completion ":                      "bash zsh fish --help --config",
		"skald order cancel order list --status": "",
	} {
		words := strings.Split(line, " ")
		call := "COMP_WORDS=("
		for _, word := range words {
			call += " '" + word + "'"
		}
		call += "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _skald; echo \"${COMPREPLY[*]}\""
		output, err := exec.CommandContext(t.Context(), bash, "-c", script+call).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		if diff := cmp.Diff(want, strings.TrimSpace(string(output))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}

// What each shell has itself says whether it can read its script.
func TestZshAndFishCanReadTheirScripts(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, shell := range []string{"zsh", "fish"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		tried++
		file := filepath.Join(t.TempDir(), shell)
		if err := os.WriteFile(file, []byte(completionScript(t, shell)), 0o600); err != nil {
			t.Fatal(err)
		}
		if output, err := exec.CommandContext(context.Background(), path, "-n", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell, err, output)
		}
	}
	if tried == 0 {
		t.Skip("neither zsh nor fish is installed, so their scripts are only compared with their places")
	}
}

// Every place of the command line is in every script, so none was forgotten for
// one shell.
func TestEveryCommandIsInEveryScript(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script := completionScript(t, shell)
		for _, place := range places(model(t)) {
			if !strings.Contains(script, "'"+place.path+"'") {
				t.Errorf("%s does not know %q", shell, place.path)
			}
			for _, word := range place.words {
				if !strings.Contains(script, strings.TrimPrefix(word.text, "--")) {
					t.Errorf("%s does not know %q", shell, word.text)
				}
			}
		}
	}
}
