package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// defaultFile is read when it is there and no other is named.
const defaultFile = "skald.yaml"

// settingsFile is a kong resolver over one YAML file. kong lets resolvers win
// over variables; here a variable wins over the file, so it looks first.
type settingsFile struct {
	path   string
	values map[string]any
}

// addFile makes the file at path a source of settings. With an empty path that
// is the default file, which may be missing.
func addFile(command *kong.Context, path string) error {
	named := path != ""
	if !named {
		path = defaultFile
	}
	text, err := os.ReadFile(path) //nolint:gosec // G304: reading the file that the user names is the point
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return fmt.Errorf("settings file: %w", err)
	}
	file := &settingsFile{path: path}
	if err := yaml.Unmarshal(text, &file.values); err != nil {
		return fmt.Errorf("settings file %s: %w", path, err)
	}
	command.AddResolver(file)
	return nil
}

// Validate refuses keys that are no setting: a mistyped one would silently
// leave a default in force.
func (f *settingsFile) Validate(app *kong.Application) error {
	var known []string
	for _, flag := range allFlags(app.Node) {
		if key := keyOf(flag); key != "" {
			known = append(known, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !slices.Contains(known, key) || key == "config" {
			return fmt.Errorf("%s: there is no setting %q (docs/config.md lists them)", f.path, key)
		}
	}
	return nil
}

// Resolve is the flag's value in the file, unless its variable is set.
func (f *settingsFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	key := keyOf(flag)
	if key == "" || f.values[key] == nil {
		return nil, nil //nolint:nilnil // kong's way to say that there is none
	}
	for _, variable := range flag.Envs {
		if _, set := os.LookupEnv(variable); set {
			return nil, nil //nolint:nilnil // as above
		}
	}
	return asText(f.values[key])
}

// keyOf is a setting's key in the file: its variable in lower case without
// SKALD_. It is empty for a flag that is no setting.
func keyOf(flag *kong.Flag) string {
	if len(flag.Envs) == 0 {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(flag.Envs[0], "SKALD_"))
}

// allFlags lists the flags of node and of everything below, in order.
func allFlags(node *kong.Node) []*kong.Flag {
	flags := slices.Clone(node.Flags)
	for _, child := range node.Children {
		flags = append(flags, allFlags(child)...)
	}
	return flags
}

// asText is a YAML scalar or list as it would be written on the command line.
func asText(value any) (string, error) {
	switch value := value.(type) {
	case map[string]any:
		return "", errors.New("must be a value or a list in the settings file")
	case []any:
		parts := make([]string, len(value))
		for n, part := range value {
			parts[n] = fmt.Sprint(part)
		}
		return strings.Join(parts, ","), nil
	default:
		return fmt.Sprint(value), nil
	}
}
