package main

import (
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" help:"For which shell: bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Help says where the script goes.
func (completionCommand) Help() string {
	return `Bash: put  source <(skald completion bash)  into ~/.bashrc.
Zsh: put  source <(skald completion zsh)  into ~/.zshrc, below compinit.
Fish: skald completion fish > ~/.config/fish/completions/skald.fish

The script knows every command, flag and fixed value of this version. It does not call skald.`
}

// Example shows the script.
func (completionCommand) Example() string { return "skald completion bash" }

// Run prints the script.
func (c *completionCommand) Run(con *console, root *kong.Node) error {
	script := map[string]func([]place) string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}[c.Shell]
	_, err := io.WriteString(con.out, script(places(root)))
	return err
}

// place is where the cursor can be: behind a command, and what may follow.
type place struct {
	path    string // "" or "order list"
	words   []word
	choices []choice
}

// word can be completed; help says what it is.
type word struct{ text, help string }

// choice is a flag, or an argument (empty flag), with fixed values, or one that
// names a file.
type choice struct {
	flag   string
	values []string
	files  bool
}

// places lists the command line's places, the outer before the inner.
func places(node *kong.Node) []place {
	here := place{path: strings.TrimSpace(node.Path())}
	for _, child := range node.Children {
		here.words = append(here.words, word{child.Name, child.Help})
	}
	for _, argument := range node.Positional {
		for _, value := range enumOf(argument) {
			here.words = append(here.words, word{value, argument.Help})
		}
	}
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			here.words = append(here.words, word{"--" + flag.Name, flag.Help})
			if values, files := enumOf(flag.Value), flag.Tag.Type == "path" || flag.PlaceHolder == "FILE"; files || values != nil {
				here.choices = append(here.choices, choice{"--" + flag.Name, values, files})
			}
		}
	}
	all := []place{here}
	for _, child := range node.Children {
		all = append(all, places(child)...)
	}
	return all
}

// enumOf is the fixed values of a flag or an argument; an empty one is no
// choice.
func enumOf(value *kong.Value) []string {
	var values []string
	for text := range strings.SplitSeq(value.Enum, ",") {
		if text != "" {
			values = append(values, text)
		}
	}
	return values
}
