package main

import (
	"fmt"
	"slices"
	"strings"
)

// What skald can complete has no blank, quote or glob in it, so the scripts
// quote words for safety only, and help by quoted.

// bashScript walks the words before the cursor to the innermost command, then
// offers what may follow it.
func bashScript(places []place) string {
	var script strings.Builder
	script.WriteString("# bash completion for skald\n_skald() {\n")
	script.WriteString("  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at='' words='' i\n")
	script.WriteString("  for ((i = 1; i < COMP_CWORD; i++)); do\n    case \"${at:+$at }${COMP_WORDS[i]}\" in\n")
	fmt.Fprintf(&script, "      %s) at=\"${at:+$at }${COMP_WORDS[i]}\" ;;\n    esac\n  done\n", paths(places))
	script.WriteString("  case \"$at|$prev\" in\n")
	for _, place := range places {
		for _, choice := range place.choices {
			then := fmt.Sprintf("words='%s'", strings.Join(choice.values, " "))
			if choice.files {
				then = "COMPREPLY=($(compgen -f -- \"$cur\")); return"
			}
			fmt.Fprintf(&script, "    '%s|%s') %s ;;\n", place.path, choice.flag, then)
		}
	}
	script.WriteString("  esac\n  if [[ -z $words ]]; then\n    case \"$at\" in\n")
	for _, place := range places {
		texts := make([]string, len(place.words))
		for n, word := range place.words {
			texts[n] = word.text
		}
		fmt.Fprintf(&script, "      '%s') words='%s' ;;\n", place.path, strings.Join(texts, " "))
	}
	script.WriteString("    esac\n  fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -F _skald skald\n")
	return script.String()
}

// paths is a shell pattern of every command.
func paths(places []place) string {
	var all []string
	for _, place := range places {
		if place.path != "" {
			all = append(all, "'"+place.path+"'")
		}
	}
	return strings.Join(all, "|")
}

// zshScript is as bashScript, with the help beside each word.
func zshScript(places []place) string {
	var script strings.Builder
	script.WriteString("#compdef skald\n_skald() {\n  local at='' i\n  local -a found\n")
	script.WriteString("  for ((i = 2; i < CURRENT; i++)); do\n    case \"${at:+$at }${words[i]}\" in\n")
	fmt.Fprintf(&script, "      %s) at=\"${at:+$at }${words[i]}\" ;;\n    esac\n  done\n", paths(places))
	script.WriteString("  case \"$at|${words[CURRENT-1]}\" in\n")
	for _, place := range places {
		for _, choice := range place.choices {
			then := "compadd -- " + strings.Join(choice.values, " ")
			if choice.files {
				then = "_files"
			}
			fmt.Fprintf(&script, "    '%s|%s') %s; return ;;\n", place.path, choice.flag, then)
		}
	}
	script.WriteString("  esac\n  case \"$at\" in\n")
	for _, place := range places {
		fmt.Fprintf(&script, "    '%s') found=(\n", place.path)
		for _, word := range place.words {
			fmt.Fprintf(&script, "      %s\n", quoted(word.text+":"+firstSentence(word.help)))
		}
		script.WriteString("    ) ;;\n")
	}
	script.WriteString("  esac\n  _describe skald found\n}\ncompdef _skald skald\n")
	return script.String()
}

// fishScript has one rule for each word and place.
func fishScript(places []place) string {
	var script strings.Builder
	script.WriteString("# fish completion for skald\nfunction __skald_at\n  set -l at\n  for word in (commandline -opc)[2..-1]\n")
	script.WriteString("    set -l next (string trim -- \"$at $word\")\n    switch $next\n")
	fmt.Fprintf(&script, "      case %s\n        set at $next\n    end\n  end\n", strings.ReplaceAll(paths(places), "|", " "))
	script.WriteString("  test \"$at\" = \"$argv[1]\"\nend\ncomplete -c skald -f\n")
	for _, place := range places {
		condition := fmt.Sprintf("complete -c skald -n \"__skald_at '%s'\"", place.path)
		for _, word := range place.words {
			name, isFlag := strings.CutPrefix(word.text, "--")
			what := "-a " + word.text
			if isFlag {
				what = "-l " + name + place.valuesFor(word.text)
			}
			fmt.Fprintf(&script, "%s %s -d %s\n", condition, what, quoted(firstSentence(word.help)))
		}
	}
	return script.String()
}

// valuesFor is what fish is told about a flag's value.
func (p place) valuesFor(flag string) string {
	at := slices.IndexFunc(p.choices, func(c choice) bool { return c.flag == flag })
	switch {
	case at < 0:
		return ""
	case p.choices[at].files:
		return " -rF"
	}
	return " -xa '" + strings.Join(p.choices[at].values, " ") + "'"
}

// quoted is text as one word of a shell: between single quotes, in which fish
// alone knows escapes, so what would need one is left out.
func quoted(text string) string {
	return "'" + strings.NewReplacer("'", "’", `\`, "").Replace(text) + "'"
}

// firstSentence is enough beside a word. A colon would end zsh's word, and a
// blank line is none of help's.
func firstSentence(help string) string {
	sentence, _, _ := strings.Cut(help, ". ")
	sentence, _, _ = strings.Cut(sentence, ": ")
	return strings.TrimSuffix(sentence, ".")
}
