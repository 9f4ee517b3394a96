package fleet

import (
	"errors"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// reference is what a $ may begin: another $, ${NAME}, or ${NAME:-default}.
var reference = regexp.MustCompile(`\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}|)`)

// substitute replaces the variables in every value of the document. An anchor's
// content is where it is declared, so it is met once.
func substitute(node *yaml.Node, variables map[string]string) error {
	var problems []error
	if node.Kind == yaml.ScalarNode {
		text, err := expand(node.Value, variables)
		if err != nil {
			return fmt.Errorf("line %d: %w", node.Line, err)
		}
		node.Value = text
	}
	for _, child := range node.Content {
		problems = append(problems, substitute(child, variables))
	}
	return errors.Join(problems...)
}

func expand(text string, variables map[string]string) (string, error) {
	var problem error
	expanded := reference.ReplaceAllStringFunc(text, func(found string) string {
		parts := reference.FindStringSubmatch(found)
		name, hasDefault, fallback := parts[1], parts[2] != "", parts[3]
		switch {
		case found == "$$":
			return "$"
		case name == "":
			problem = fmt.Errorf("a $ begins neither $$ nor ${NAME} nor ${NAME:-default} in %q", text)
		case variables[name] != "":
			return variables[name]
		case hasDefault:
			return fallback
		}
		return ""
	})
	return expanded, problem
}
