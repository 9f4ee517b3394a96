package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// config is the text of a TLC configuration: the module's own, with the row's
// settings in place of its lines.
func config(model string, r row) (string, error) {
	base, err := os.ReadFile(filepath.Join(model, r.module+".cfg")) //nolint:gosec // a folder of this repository
	if err != nil {
		return "", err
	}
	module, err := os.ReadFile(filepath.Join(model, r.module+".tla")) //nolint:gosec // a folder of this repository
	if err != nil {
		return "", err
	}
	c := draft{text: string(base), module: string(module)}
	for _, setting := range r.settings {
		if err := c.set(setting); err != nil {
			return "", fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return c.text, nil
}

// draft is a configuration that settings are put into.
type draft struct{ text, module string }

func (d *draft) set(setting string) error {
	key, value, _ := strings.Cut(setting, "=")
	switch key {
	case settingFull:
		return nil
	case settingLive:
		d.text = strings.Replace(d.text, "SPECIFICATION Spec", "SPECIFICATION LiveSpec", 1)
		return nil
	case settingSymmetry:
		d.text += "SYMMETRY Symmetry\n"
		return nil
	case settingCheck:
		return d.check(strings.Split(value, ","))
	case settingSkip:
		return d.skip(strings.Split(value, ","))
	}
	return d.constant(key, value)
}

var checkLines = regexp.MustCompile(`(?m)^(INVARIANTS|PROPERTIES).*\n`)

func (d *draft) check(properties []string) error {
	d.text = checkLines.ReplaceAllString(d.text, "")
	for _, property := range properties {
		definition := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(property) + ` ==((?:.*\n)(?:[ \t]+.*\n)*)`).FindString(d.module)
		if definition == "" {
			return fmt.Errorf("the module has no %s", property)
		}
		d.text += kindOf(definition) + " " + property + "\n"
	}
	return nil
}

// kindOf is what TLC calls a property of states, and one of steps or of time.
func kindOf(definition string) string {
	for _, sign := range []string{"[][", "<>", "~>"} {
		if strings.Contains(definition, sign) {
			return "PROPERTIES"
		}
	}
	return "INVARIANTS"
}

func (d *draft) skip(properties []string) error {
	for _, property := range properties {
		name := regexp.MustCompile(`\b` + regexp.QuoteMeta(property) + `\b`)
		lines := checkLines.FindAllString(d.text, -1)
		if !name.MatchString(strings.Join(lines, "")) {
			return fmt.Errorf("the configuration does not check %s", property)
		}
		d.text = checkLines.ReplaceAllStringFunc(d.text, func(line string) string {
			line = name.ReplaceAllString(line, "")
			if len(strings.Fields(line)) == 1 {
				return "" // nothing of its kind is left
			}
			return line
		})
	}
	return nil
}

// constant replaces the line of a constant: by a value, or, when its line has
// an arrow, by the name of a definition.
func (d *draft) constant(name, value string) error {
	line := regexp.MustCompile(`(?m)^(  ` + regexp.QuoteMeta(name) + ` (?:=|<-)) .*$`)
	if value == "" || !line.MatchString(d.text) {
		return fmt.Errorf("setting %s=%s: the configuration has no such constant", name, value)
	}
	d.text = line.ReplaceAllString(d.text, "$1 "+strings.ReplaceAll(value, "$", "$$"))
	return nil
}
