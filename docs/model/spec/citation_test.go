package main

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The store's property test holds the model's invariants against the real store
// and says which, by name.
func TestInvariantsThatTheStoresTestCitesAreInTheModel(t *testing.T) {
	t.Parallel()
	const file = "internal/store/invariant_test.go"
	defined := definitions(modules(t)["Saga"])
	cited := 0
	for _, call := range regexp.MustCompile(`\.holds\("([^"]+)"`).FindAllStringSubmatch(readFile(t, filepath.Join(rootDir, file)), -1) {
		for part := range strings.SplitSeq(call[1], ", ") {
			name := regexp.MustCompile(`^[A-Z]\w+`).FindString(part)
			if name == "" {
				continue // in words, what is no invariant of Saga.tla
			}
			cited++
			if !slices.Contains(defined, name) {
				t.Errorf("%s cites %s, which Saga.tla does not define", file, name)
			}
		}
	}
	if cited < 8 {
		t.Errorf("only %d citations are found in %s: its form has changed", cited, file)
	}
}

func TestEveryModuleThatCodeOrDocsNameExists(t *testing.T) {
	t.Parallel()
	all := modules(t)
	cited := 0
	err := filepath.WalkDir(rootDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipForeign(path, entry.Name())
		}
		if !slices.Contains([]string{".go", ".md", ".tla"}, filepath.Ext(path)) || strings.HasSuffix(path, "tlc_test.go") {
			return nil
		}
		for _, found := range regexp.MustCompile(`\b([A-Z]\w+)\.tla\b`).FindAllStringSubmatch(readFile(t, path), -1) {
			cited++
			if _, ok := all[found[1]]; !ok {
				t.Errorf("%s names %s.tla, which docs/model does not have", path, found[1])
			}
		}
		return nil
	})
	if err != nil || cited == 0 {
		t.Fatalf("%d citations, %v", cited, err)
	}
}

// skipForeign leaves out hidden folders and what others wrote.
func skipForeign(path, name string) error {
	if path != rootDir && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
		return filepath.SkipDir
	}
	return nil
}
