package skald_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runMutants is the variable that turns the runs on. They build a package each,
// so `go test ./...` only checks that every mutant still fits the code.
const runMutants = "SKALD_MUTANTS"

// mutant is skald with one of its rules taken out, and the test that must fail
// for it. A rule that can be taken out unnoticed is not kept by anybody.
type mutant struct {
	name    string // of the bug
	promise string // what it breaks, in docs/model's or the design's words
	file    string
	edits   []string // pairs: text that occurs once in file, and what stands there instead
	pkg     string
	test    string // fails with the mutant, passes without it
}

func TestEveryMutantFitsTheCode(t *testing.T) {
	t.Parallel()
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			if _, err := m.text(); err != nil {
				t.Error(err)
			}
			if !m.testExists(t) {
				t.Errorf("%s has no %s", m.pkg, m.test)
			}
		})
	}
}

// TestEveryMutantIsCaught builds skald with each mutant in place of the real
// file, and wants the mutant's test to fail for it.
func TestEveryMutantIsCaught(t *testing.T) {
	if os.Getenv(runMutants) == "" {
		t.Skip("it builds a package for each mutant, which takes minutes: make mutants runs it")
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			output, err := m.run(t)
			if _, failed := err.(*exec.ExitError); !failed { //nolint:errorlint // exec returns it unwrapped
				t.Fatalf("%s passes without the rule (%v): %s is broken and nobody notices\n%s", m.test, err, m.promise, output)
			}
			if !strings.Contains(output, "--- FAIL: "+m.test) {
				t.Fatalf("the run ended without %s failing: it shows nothing\n%s", m.test, output)
			}
			t.Logf("caught by %s", m.test)
		})
	}
}

// text is the file with the mutant in it.
func (m mutant) text() (string, error) {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	text := string(source)
	for n := 0; n < len(m.edits); n += 2 {
		if count := strings.Count(text, m.edits[n]); count != 1 {
			return "", fmt.Errorf("%s holds %q %d times, want once", m.file, m.edits[n], count)
		}
		text = strings.Replace(text, m.edits[n], m.edits[n+1], 1)
	}
	return text, nil
}

func (m mutant) testExists(t *testing.T) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(m.pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), "func "+m.test+"(") {
			return true
		}
	}
	return false
}

// run runs the test with the mutant: go's overlay puts it in place of the file,
// and the tree stays as it is.
func (m mutant) run(t *testing.T) (output string, err error) {
	t.Helper()
	text, err := m.text()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mutated, overlay := filepath.Join(dir, filepath.Base(m.file)), filepath.Join(dir, "overlay.json")
	original, err := filepath.Abs(m.file)
	if err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{mutated: []byte(text), overlay: replace} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-timeout=5m", "-overlay", overlay, "-run", "^"+m.test+"$", "./"+m.pkg)
	combined, err := cmd.CombinedOutput()
	return string(combined), err
}
