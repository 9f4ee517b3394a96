package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/skald-saga/skald/internal/app"
)

type configCommand struct {
	outputFlag
	Line []string `arg:"" name:"command" optional:"" passthrough:"" help:"The command, with the flags that it is given. Default: serve."`
}

// Help says what cannot be seen.
func (configCommand) Help() string {
	return `Prints each setting of the command, its value and where that comes from: a flag, a variable, the settings file or the default. Secrets are never printed. Then it checks them as the command would, files of certificates and secrets included, without connecting to anything. The exit code is 1 when they cannot be used.

What Postgres' own variables (PGPASSWORD and the like) add to --database is not shown.`
}

// Example is what a worker would use.
func (configCommand) Example() string {
	return "skald config serve --database sqlite:/var/lib/skald/orders.db"
}

// configJSON is what skald config prints as JSON.
type configJSON struct {
	Command  string        `json:"command"`
	File     string        `json:"file,omitempty"` // that settings are read from
	Settings []settingJSON `json:"settings"`
	Problems []string      `json:"problems"`
}

// settingJSON is one setting in force.
type settingJSON struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"`            // flag, variable, file or default
	Where string `json:"where,omitempty"` // the flag, the variable or the file
}

// Run reads the command's settings as the command would.
func (c *configCommand) Run(con *console, outer *kong.Context) error {
	line := c.Line
	if len(line) == 0 {
		line = []string{"serve"}
	}
	if file := outerFile(outer); file != "" {
		line = append([]string{"--config", file}, line...)
	}
	command, err := traceLine(line, con)
	if err != nil {
		return advise(err, "Give the command as you would run it, without skald in front: skald config serve --roles worker. Flags of skald config itself come before.")
	}
	report := configJSON{
		Command: command.Selected().Path(), File: fileOf(command), Settings: settingsInForce(command), Problems: problemsOf(command, con),
	}
	if c.json() {
		err = con.document(report)
	} else {
		err = con.settings(report)
	}
	if err == nil && len(report.Problems) > 0 {
		err = advise(fmt.Errorf("skald %s cannot use these settings", report.Command), "docs/config.md says what each may be.")
	}
	return err
}

// traceLine reads a command line as kong does, up to the point where kong would
// look whether it can be used.
func traceLine(line []string, con *console) (*kong.Context, error) {
	grammar := &cli{}
	parser, err := newParser(grammar, con, func(int) {})
	if err != nil {
		return nil, err
	}
	command, err := kong.Trace(parser, line)
	if err != nil {
		return nil, err
	}
	if command.Error != nil {
		return nil, command.Error
	}
	if selected := command.Selected(); selected == nil || !selected.Leaf() {
		return nil, errors.New("that is no command: " + strings.Join(line, " "))
	}
	for _, step := range []func() error{
		command.Reset, func() error { return grammar.BeforeResolve(command) }, command.Resolve,
		func() error { _, err := command.Apply(); return err },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return command, nil
}

// problemsOf asks what the command would: kong, its bounds, and the packages
// that use the settings.
func problemsOf(command *kong.Context, con *console) []string {
	err := command.Validate()
	if err == nil {
		err = checkBounds(command.Flags())
	}
	configured, ok := reflect.TypeAssert[interface {
		config(con *console) (app.Config, error)
	}](command.Selected().Target.Addr())
	if ok && err == nil {
		var config app.Config
		if config, err = configured.config(con); err == nil {
			err = config.Validate()
		}
	}
	problems := []string{}
	if err != nil {
		problems = append(problems, strings.Split(err.Error(), "\n")...)
	}
	return problems
}

func (c *console) settings(report configJSON) error {
	rows := []string{"SETTING\tVALUE\tFROM"}
	for _, s := range report.Settings {
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s", s.Name, or(s.Value, "-"), or(s.Where, s.From)))
	}
	if err := c.table(rows...); err != nil {
		return err
	}
	for _, problem := range report.Problems {
		c.printf("%s %s\n", c.palette.bad("✗"), problem)
	}
	return nil
}
