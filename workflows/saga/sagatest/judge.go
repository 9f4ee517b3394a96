package sagatest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald/workflows/saga"
)

// judge holds a run against what it must have been, and says what is wrong.
func (p *plot) judge(c scenario, o Options, played *play) []string {
	s := played.story
	switch {
	case played.why != "":
		return []string{played.why}
	case !s.ended && isTimeout(s.closed):
		return []string{"the workflow is stuck: it waits for something that never comes"}
	case !s.completed || !s.ended:
		return []string{"the workflow has ended before its saga" + because(textOf(s.closed))}
	case s.sagas != 1:
		return []string{fmt.Sprintf("the workflow ran %d sagas; exhaust each by itself", s.sagas)}
	}
	want := expect(p, o, s)
	wrong := []string{p.sequence(want, s), p.ending(want, s), p.crossed(s), p.failedAlone(c, o, played), p.gaveUp(o, s), p.unmet(c, played)}
	if err := played.world.Check(played.told(c)); err != nil {
		wrong = append(wrong, "the world is not as it must be: "+err.Error())
	}
	return slices.DeleteFunc(wrong, func(text string) bool { return text == "" })
}

// sequence compares the actions in order.
func (p *plot) sequence(want expectation, s story) string {
	seen := p.lines(s.acts())
	if slices.Equal(seen, want.lines) {
		return ""
	}
	return "the actions are not those expected:\n" + sideBySide(want.lines, seen)
}

// sideBySide marks the first line that differs.
func sideBySide(want, seen []string) string {
	var text strings.Builder
	width := len("expected")
	for _, line := range want {
		width = max(width, len(line))
	}
	fmt.Fprintf(&text, "    %-*s   %s\n", width, "expected", "seen")
	marked := false
	for at := range max(len(want), len(seen)) {
		mark, left, right := " ", line(want, at), line(seen, at)
		if left != right && !marked {
			mark, marked = "≠", true
		}
		fmt.Fprintf(&text, "  %s %-*s   %s\n", mark, width, left, right)
	}
	return strings.TrimRight(text.String(), "\n")
}

func line(lines []string, at int) string {
	if at < len(lines) {
		return lines[at]
	}
	return "-"
}

// ending compares what the saga has returned.
func (p *plot) ending(want expectation, s story) string {
	compensated, isCompensated := errors.AsType[*saga.CompensatedError](s.err)
	strandedErr, isStranded := errors.AsType[*saga.StrandedError](s.err)
	switch {
	case isStranded && strandedErr.Err != nil:
		return fmt.Sprintf("a hook gave up, which strands the saga: %v", s.err)
	case want.over:
		return ""
	case !want.undone && s.err != nil:
		return fmt.Sprintf("the saga must succeed, but returned: %v", s.err)
	case !want.undone:
		return ""
	case len(want.parked) > 0:
		return wrongStranding(want, s.err)
	case !isCompensated:
		return fmt.Sprintf("the saga must say that it is compensated, but returned: %v", s.err)
	case compensated.Cancelled() != want.cancelled || compensated.Step != want.step:
		return fmt.Sprintf("the saga must say why it compensated (%s), but returned: %v", want.reason(), s.err)
	}
	return lostReason(want, s.err)
}

func wrongStranding(want expectation, err error) string {
	got := undosOf(err)
	slices.Sort(got)
	wanted := slices.Sorted(slices.Values(want.parked))
	if !slices.Equal(got, wanted) {
		return fmt.Sprintf("the saga must name the undos that were refused (%s), but returned: %v", strings.Join(want.parked, ", "), err)
	}
	return lostReason(want, err)
}

// lostReason: the original failure is told, also when undos fail too.
func lostReason(want expectation, err error) string {
	if want.failed == nil {
		return ""
	}
	call := want.failed.failed(nil)
	if call == nil || call.Fate == TimedOut || strings.Contains(err.Error(), call.Err) {
		return ""
	}
	return fmt.Sprintf("the original failure (%s) is lost, the saga returned: %v", call.Err, err)
}

// reason is why the saga compensates.
func (e expectation) reason() string {
	switch {
	case e.cancelled && e.step == "":
		return "cancelled between two steps"
	case e.cancelled:
		return "cancelled in " + e.step
	}
	return e.step + " failed"
}

func isTimeout(err error) bool {
	_, ok := errors.AsType[*temporal.TimeoutError](err)
	return ok
}

// undosOf are the undos that a stranded saga names.
func undosOf(err error) []string {
	var names []string
	if stranded, ok := errors.AsType[*saga.StrandedError](err); ok {
		for _, undo := range stranded.Undos {
			names = append(names, undo.Undo)
		}
	}
	return names
}
