package sagatest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// report tells what is wrong with a case, and whether it is fine.
func (x *exhaustion) report(t T, c scenario, tried trial) bool {
	t.Helper()
	if len(tried.wrong) == 0 {
		return true
	}
	text := tried.tell()
	if test, ok := t.(*testing.T); ok {
		test.Errorf("%s\nrun it alone: go test -run '%s'", text, pattern(test.Name()))
		return false
	}
	t.Errorf("%s:\n%s", c.Name, text)
	return false
}

// tell is what is wrong, and the stories of the workers.
func (t trial) tell() string {
	texts := slices.Clone(t.wrong)
	for at, play := range t.plays {
		title := "what happened"
		if len(t.plays) > 1 {
			title = []string{"what happened until the worker died", "what the next worker did"}[at]
		}
		texts = append(texts, title+":\n"+indent(play.story.tell()))
	}
	return strings.Join(texts, "\n")
}

// pattern selects exactly the test of that name.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for at, part := range parts {
		parts[at] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}

// replay runs the workflow again with the answers of a run: it must give the
// same commands, as a worker that replays a history must.
func (x *exhaustion) replay(c scenario, played *play) []string {
	again := newPlay(x.options, played.world, c.plan, x.plot, played.recorded.first(len(played.recorded.order), all))
	again.run(x.subject)
	for at := range max(len(played.script), len(again.script)) {
		first, second := line(played.script, at), line(again.script, at)
		if first != second {
			return []string{fmt.Sprintf("the workflow is not deterministic: given the same answers, its command %d is\n    %s\nand when replayed\n    %s", at+1, first, second)}
		}
	}
	return nil
}
