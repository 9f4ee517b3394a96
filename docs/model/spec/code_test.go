package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

// claim is a line (* code: folder.name *) above an action: the code has a
// function or method of that name, and the action is called as it is, with a
// capital letter.
var claim = regexp.MustCompile(`\(\* code: ([\w/]+)\.(\w+) \*\)\n(\w+)`)

func TestTheModelsActionsAreOperationsOfTheCode(t *testing.T) {
	t.Parallel()
	for name, module := range modules(t) {
		claims := claim.FindAllStringSubmatch(module, -1)
		if len(claims) != strings.Count(module, "code: ") || len(claims) == 0 {
			t.Errorf("%s: %d lines name code, and %d of them stand above a definition", name, strings.Count(module, "code: "), len(claims))
		}
		for _, found := range claims {
			folder, function, action := found[1], found[2], found[3]
			if !slices.Contains(functions(t, folder), function) {
				t.Errorf("%s: %s mirrors %s.%s, which is not there", name, action, folder, function)
			}
			if strings.ToUpper(function[:1])+function[1:] != action {
				t.Errorf("%s: %s mirrors %s.%s and should be called so", name, action, folder, function)
			}
		}
	}
}

// What sagas and the relay ask of the store is what the model is about.
func TestTheModelLeavesNoOperationOfTheStoreOut(t *testing.T) {
	t.Parallel()
	modelled := map[string]bool{}
	for _, module := range modules(t) {
		for _, found := range claim.FindAllStringSubmatch(module, -1) {
			modelled[found[3]] = true
		}
	}
	asked := slices.Concat(methods(t, "activities", "StockStore", "StepStore", "OrderStore"), methods(t, "workers", "Outbox"))
	if len(asked) < 15 {
		t.Fatalf("the interfaces are not read: %v", asked)
	}
	for _, method := range asked {
		if method == "Committed" {
			continue // wakes the relay; the model's may read at any time
		}
		if !modelled[method] {
			t.Errorf("no module mirrors the store's %s", method)
		}
	}
}

func TestTheModelsAutomatonIsTheCodes(t *testing.T) {
	t.Parallel()
	set := regexp.MustCompile(`(?s)Edges == \{(.*?)\}`).FindString(modules(t)["Saga"])
	got := map[string]bool{}
	for _, edge := range regexp.MustCompile(`<<"(\w+)", "(\w+)">>`).FindAllStringSubmatch(set, -1) {
		got[edge[1]+" to "+edge[2]] = true
	}
	want := map[string]bool{}
	for _, from := range skald.Statuses() {
		for _, to := range skald.Statuses() {
			if from.CanBecome(to) && merged(from) != merged(to) {
				want[merged(from)+" to "+merged(to)] = true
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("edges (-code +model):\n%s", diff)
	}
}

// merged: the model knows no accepted.
func merged(s skald.Status) string {
	if s == skald.StatusAccepted {
		s = skald.StatusProcessing
	}
	return string(s)
}

// functions are the names of all functions and methods of a folder's package.
func functions(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	for _, file := range sources(t, folder) {
		for _, declared := range file.Decls {
			if function, ok := declared.(*ast.FuncDecl); ok {
				names = append(names, function.Name.Name)
			}
		}
	}
	return names
}

// methods are the names of the methods of a folder's interfaces.
func methods(t *testing.T, folder string, interfaces ...string) []string {
	t.Helper()
	var names []string
	for _, file := range sources(t, folder) {
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.TypeSpec)
			if !ok || !slices.Contains(interfaces, spec.Name.Name) {
				return true
			}
			if asks, ok := spec.Type.(*ast.InterfaceType); ok {
				for _, method := range asks.Methods.List {
					for _, name := range method.Names {
						names = append(names, name.Name)
					}
				}
			}
			return false
		})
	}
	return names
}

// sources parses a folder's files that are no tests.
func sources(t *testing.T, folder string) []*ast.File {
	t.Helper()
	var files []*ast.File
	err := filepath.WalkDir(filepath.Join(rootDir, folder), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != filepath.Join(rootDir, folder):
			return filepath.SkipDir
		case entry.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		files = append(files, file)
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("no code in %s: %v", folder, err)
	}
	return files
}
