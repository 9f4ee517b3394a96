package schema_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// source is what package skald says in comments about its types: the words of
// the schemas are the words of the code.
type source struct {
	types  map[string]string     // first sentence, by type
	fields map[string]string     // comment beside a field, by Type.Field
	known  map[string][]constant // declared values, by type
}

type constant struct{ value, comment string }

func readSource(t *testing.T) source {
	t.Helper()
	files, err := filepath.Glob("../../*.go")
	if err != nil {
		t.Fatal(err)
	}
	read := source{types: map[string]string{}, fields: map[string]string{}, known: map[string][]constant{}}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			if general, ok := declaration.(*ast.GenDecl); ok {
				read.add(t, general)
			}
		}
	}
	return read
}

func (s source) add(t *testing.T, declaration *ast.GenDecl) {
	t.Helper()
	for _, spec := range declaration.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			s.types[spec.Name.Name] = firstSentence(declaration.Doc.Text())
			if fields, ok := spec.Type.(*ast.StructType); ok {
				s.addFields(spec.Name.Name, fields)
			}
		case *ast.ValueSpec:
			s.addConstants(t, spec)
		}
	}
}

func (s source) addFields(typeName string, fields *ast.StructType) {
	for _, field := range fields.Fields.List {
		for _, name := range field.Names {
			s.fields[typeName+"."+name.Name] = oneLine(field.Comment.Text())
		}
	}
}

func (s source) addConstants(t *testing.T, spec *ast.ValueSpec) {
	t.Helper()
	typeName, ok := spec.Type.(*ast.Ident)
	if !ok {
		return
	}
	for _, value := range spec.Values {
		literal, ok := value.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			continue
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		s.known[typeName.Name] = append(s.known[typeName.Name], constant{text, oneLine(spec.Comment.Text())})
	}
}

func oneLine(comment string) string { return strings.Join(strings.Fields(comment), " ") }

func firstSentence(comment string) string {
	sentence, _, found := strings.Cut(oneLine(comment), ". ")
	if found {
		return sentence + "."
	}
	return sentence
}
