package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
)

// console is where a command reads and writes.
type console struct {
	in      io.Reader
	out     io.Writer
	err     io.Writer
	palette palette // of out
	tty     bool    // err is a terminal
	screen  bool    // out is a terminal on which text can be replaced
}

func openConsole(in io.Reader, out, err *os.File) *console {
	return &console{
		in: in, out: out, err: err, palette: paletteFor(out), tty: isTerminal(err),
		screen: isTerminal(out) && os.Getenv("TERM") != "dumb",
	}
}

// outputFlag is embedded in every command that prints data.
type outputFlag struct {
	Output string `help:"How to print: text for people, json for programs." short:"o" enum:"text,json" default:"text" env:"SKALD_OUTPUT"`
}

func (o outputFlag) json() bool { return o.Output == "json" }

// printf writes text for people.
func (c *console) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(c.out, format, args...) // a reader that went away is told by the next write of data, or not interested
}

// notef writes to standard error, where nobody is left to tell if it fails.
func (c *console) notef(format string, args ...any) { _, _ = fmt.Fprintf(c.err, format, args...) }

// document writes one JSON document.
func (c *console) document(value any) error {
	encoder := json.NewEncoder(c.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// line writes one JSON document on a line of its own.
func (c *console) line(value any) error {
	encoder := json.NewEncoder(c.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// table writes rows of tab-separated cells in columns.
func (c *console) table(rows ...string) error {
	table := tabwriter.NewWriter(c.out, 0, 8, 2, ' ', 0)
	for _, row := range rows {
		if _, err := fmt.Fprintln(table, row); err != nil {
			return err
		}
	}
	return table.Flush()
}

// logFlags are embedded in every command that runs skald.
type logFlags struct {
	LogFormat string `help:"How to log to standard error: auto is human on a terminal and text elsewhere." enum:"auto,human,text,json" default:"auto" env:"SKALD_LOG_FORMAT"`
}

// logger logs to standard error.
func (c *console) logger(format, level string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, err
	}
	if format == "auto" && c.tty {
		format = "human"
	}
	switch options := (&slog.HandlerOptions{Level: least}); format {
	case "human":
		return slog.New(tint.NewTextHandler(c.err, &tint.Options{Level: least, TimeFormat: "15:04:05.000", NoColor: !c.tty || noColour()})), nil
	case "json":
		return slog.New(slog.NewJSONHandler(c.err, options)), nil
	default:
		return slog.New(slog.NewTextHandler(c.err, options)), nil
	}
}

// palette colours text, or leaves it as it is.
type palette bool

func paletteFor(file *os.File) palette { return palette(isTerminal(file) && !noColour()) }

// noColour follows no-color.org: any value that is not empty turns colour off.
func noColour() bool { return os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" }

func isTerminal(file *os.File) bool { return isatty.IsTerminal(file.Fd()) }

// Colours by what they mean, as ANSI codes.
func (p palette) strong(s string) string { return p.paint("1", s) }
func (p palette) faint(s string) string  { return p.paint("2", s) }
func (p palette) do(s string) string     { return p.paint("36", s) }
func (p palette) undo(s string) string   { return p.paint("33", s) }
func (p palette) good(s string) string   { return p.paint("32;1", s) }
func (p palette) bad(s string) string    { return p.paint("31;1", s) }

func (p palette) paint(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
