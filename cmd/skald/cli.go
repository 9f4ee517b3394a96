package main

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// cli is the command line. A flag with an env tag is a setting: it can also
// come from that variable, or from skald.yaml under the variable's name in
// lower case without SKALD_. A setting means the same in every command that has
// it. A bound tag is checked by checkBounds.
type cli struct {
	Config string `help:"File with settings. Default: skald.yaml in this folder, if there is one." env:"SKALD_CONFIG" placeholder:"FILE"`

	Demo       demoCommand       `cmd:"" help:"Watch four orders: one that succeeds and three that are undone. Needs nothing else."`
	Dev        devCommand        `cmd:"" help:"Run everything in this process, for development."`
	Serve      serveCommand      `cmd:"" help:"Run skald on a Kafka, a Temporal and a database that are elsewhere."`
	Setup      setupCommand      `cmd:"" help:"Make tables, topics, namespace and search attributes where they are missing."`
	Migrate    migrateCommand    `cmd:"" help:"Look how far the tables are, and bring them to this version."`
	Doctor     doctorCommand     `cmd:"" help:"Examine whether database, Kafka and Temporal are as skald needs them."`
	Shown      configCommand     `cmd:"" name:"config" help:"Show the settings in force for a command, and where each comes from."`
	Stock      stockCommand      `cmd:"" help:"Receive stock and see how much there is."`
	Order      orderCommand      `cmd:"" help:"Place orders, watch and cancel them."`
	Events     eventsCommand     `cmd:"" help:"Follow the events, as any Kafka consumer would."`
	Incident   incidentCommand   `cmd:"" help:"Decide about undos that were refused for good."`
	Dlq        dlqCommand        `cmd:"" help:"Settle dead letters: messages from Kafka that could not be used."`
	Fault      faultCommand      `cmd:"" help:"Make skald fail at a chosen moment, to see what happens then."`
	Audit      auditCommand      `cmd:"" help:"Compare everything that knows about orders, and say what disagrees; --repair mends it."`
	Soak       soakCommand       `cmd:"" help:"Run skald under load while it is killed, stopped and cut off, and prove that it kept its promises."`
	Bench      benchCommand      `cmd:"" help:"Measure how fast an installation carries orders, from request to final event."`
	Provider   providerCommand   `cmd:"" help:"Your own payment provider and carrier."`
	Health     healthCommand     `cmd:"" help:"Say whether a skald takes requests, and how its dependencies do."`
	Completion completionCommand `cmd:"" help:"Print a completion script for a shell."`
	Version    versionCommand    `cmd:"" help:"Print the version, and those of the parts inside."`
}

const description = `skald takes orders over HTTP or Kafka and carries each one through stock, payment and shipping as a Temporal saga. ` +
	`If a step cannot be done, everything done before it is undone, and every undo is an event on Kafka.

Settings come from flags, else from SKALD_* variables, else from skald.yaml, else they have defaults. ` +
	`Exit codes: 0 done, 1 could not be done, 2 the command line or a setting cannot be understood; order watch and --wait add one for each end of an order.

New here? Run: skald demo`

// newParser builds the command line on grammar. ended is told when help was
// printed and nothing is left to do.
func newParser(grammar *cli, con *console, ended func(int)) (*kong.Kong, error) {
	parser, err := kong.New(grammar,
		kong.Name("skald"),
		kong.Description(description),
		kong.Writers(con.out, con.err),
		kong.Exit(ended),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ValueFormatter(helpWithBound),
		kong.NamedMapper("path", kong.MapperFunc(pathOrNone)),
	)
	if err != nil {
		return nil, err
	}
	for _, command := range parser.Model.Leaves(true) {
		if example := exampleOf(command); example != "" {
			command.Detail = strings.TrimSpace(command.Detail + "\n\nExample:\n\n    " + strings.ReplaceAll(example, "\n", "\n    "))
		}
	}
	return parser, nil
}

// pathOrNone is kong's path, except that nothing stays nothing instead of
// becoming the current folder: whoever writes a compose file or a unit passes on
// variables that are empty.
func pathOrNone(decoding *kong.DecodeContext, target reflect.Value) error {
	var path string
	if err := decoding.Scan.PopValueInto("file", &path); err != nil {
		return err
	}
	if path != "" {
		path = kong.ExpandPath(path)
	}
	target.SetString(path)
	return nil
}

// exampleOf is how a command is called, as its help and docs/cli.md show it.
func exampleOf(command *kong.Node) string {
	if shows, ok := reflect.TypeAssert[interface{ Example() string }](command.Target.Addr()); ok {
		return shows.Example()
	}
	return ""
}

// parse reads args. helped reports that they only asked for help, which has
// been printed.
func parse(ctx context.Context, args []string, con *console) (command *kong.Context, helped bool, err error) {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parser, err := newParser(&cli{}, con, func(int) { helped = true })
	if err != nil {
		return nil, false, err
	}
	command, err = parser.Parse(args)
	if helped || err != nil { // after help, kong goes on and misses what was not given
		return nil, helped, err
	}
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(con, parser.Model.Node)
	if err := checkBounds(command.Flags()); err != nil {
		return nil, false, err
	}
	return command, false, checkSecrets(command)
}

// BeforeResolve reads the settings file, which itself is a setting.
func (c *cli) BeforeResolve(command *kong.Context) error {
	for _, flag := range command.Model.Flags {
		if flag.Name == "config" {
			return addFile(command, fmt.Sprint(command.FlagValue(flag)))
		}
	}
	return nil
}

// helpWithBound shows what a flag may be beside its variable.
func helpWithBound(value *kong.Value) string {
	help := kong.DefaultHelpValueFormatter(value)
	if bound := boundOf(value); bound != "" {
		help += " [" + bound + "]"
	}
	return help
}

// boundOf says what a value may be: "1 to 5", or "text, json".
func boundOf(value *kong.Value) string {
	if value.Enum != "" {
		return strings.Join(strings.Split(strings.Trim(value.Enum, ","), ","), ", ")
	}
	return strings.Replace(value.Tag.Get("bound"), "..", " to ", 1)
}

// checkBounds refuses a value outside of its flag's bound tag.
func checkBounds(flags []*kong.Flag) error {
	for _, flag := range flags {
		low, high, bounded := strings.Cut(flag.Tag.Get("bound"), "..")
		if !bounded {
			continue
		}
		value := number(fmt.Sprint(flag.Target.Interface()))
		if value < number(low) || value > number(high) {
			return fmt.Errorf("--%s is %v, must be %s to %s", flag.Name, flag.Target.Interface(), low, high)
		}
	}
	return nil
}

// number reads what bounds are given in: durations or integers. A bound that is
// neither is a mistake of the program, and TestEveryBoundIsOneThatIsChecked
// finds it.
func number(text string) int64 {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		panic("bound " + text + " is neither a number nor a duration")
	}
	return int64(d)
}
