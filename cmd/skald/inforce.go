package main

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/skald-saga/skald/internal/app"
)

// hidden is what stands for a secret.
const hidden = "[redacted]"

// settingsInForce lists the settings of the selected command, by name. A secret
// that a variable holds is one, too, although no flag can say it.
func settingsInForce(command *kong.Context) []settingJSON {
	settings := []settingJSON{}
	for _, flag := range command.Flags() {
		if key := keyOf(flag); key == "" || key == "config" {
			continue
		}
		setting := settingOf(flag)
		setting.From, setting.Where = sourceOf(command, flag)
		settings = append(settings, setting)
		if variable, is := strings.CutSuffix(flag.Envs[0], "_FILE"); is && given(variable) {
			settings = append(settings, settingJSON{strings.TrimSuffix(flag.Name, "-file"), hidden, "variable", variable})
		}
	}
	slices.SortFunc(settings, func(a, b settingJSON) int { return strings.Compare(a.Name, b.Name) })
	return settings
}

// settingOf is a flag's value as it would be written, without what is secret in
// it.
func settingOf(flag *kong.Flag) settingJSON {
	value := textOf(flag.Target)
	if strings.Contains(value, "://") || flag.Name == "database" || flag.Name == "ledger" {
		value = app.RedactURL(value)
	}
	return settingJSON{Name: flag.Name, Value: value}
}

func textOf(value reflect.Value) string {
	switch value := value.Interface().(type) {
	case []string:
		return strings.Join(value, ",")
	case map[string]int64:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(value)) {
			parts = append(parts, fmt.Sprintf("%s=%d", key, value[key]))
		}
		return strings.Join(parts, ";")
	default:
		return fmt.Sprint(value)
	}
}

// sourceOf says where a flag's value comes from: what it is in front of, in the
// order in which settings win.
func sourceOf(command *kong.Context, flag *kong.Flag) (from, where string) {
	for _, part := range command.Path {
		if part.Flag != flag {
			continue
		}
		if part.Resolved {
			return "file", fileOf(command)
		}
		return "flag", "--" + flag.Name
	}
	for _, variable := range flag.Envs {
		if _, set := os.LookupEnv(variable); set {
			return "variable", variable
		}
	}
	return "default", ""
}

// fileOf is the settings file that is read, empty when there is none.
func fileOf(command *kong.Context) string {
	if file := outerFile(command); file != "" {
		return file
	}
	if file := os.Getenv("SKALD_CONFIG"); file != "" {
		return file
	}
	if _, err := os.Stat(defaultFile); err != nil {
		return ""
	}
	return defaultFile
}

// outerFile is the settings file that the command line names.
func outerFile(command *kong.Context) string {
	for _, part := range command.Path {
		if part.Flag != nil && part.Flag.Name == "config" && !part.Resolved {
			return fmt.Sprint(command.FlagValue(part.Flag))
		}
	}
	return ""
}
