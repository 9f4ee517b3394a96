package fault

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// String is the terse form. Parse reads it back as Filled.
func (r Rule) String() string {
	var text strings.Builder
	text.WriteString(string(r.Match.Point))
	defaults := Rule{Match: Match{Point: r.Match.Point}, Fault: r.Fault}.Filled()
	if r.Match.Phase != "" && r.Match.Phase != defaults.Match.Phase {
		text.WriteString("/" + string(r.Match.Phase))
	}
	defaults.Match.Phase = r.Filled().Match.Phase
	defaults.Name = ""
	if conditions := r.conditions(defaults.Filled().Name); len(conditions) > 0 {
		text.WriteString("[" + strings.Join(conditions, ",") + "]")
	}
	text.WriteString("=")
	if r.Percentage != 0 {
		text.WriteString(strconv.FormatFloat(float64(r.Percentage), 'f', -1, 64) + "%")
	}
	if r.Times != 0 {
		text.WriteString(strconv.Itoa(r.Times) + "*")
	}
	text.WriteString(r.Fault.String())
	if r.Times != 0 {
		text.WriteString("->off")
	}
	return text.String()
}

func (r Rule) conditions(defaultName string) []string {
	name, seed, ttl := r.Name, "", ""
	if name == defaultName {
		name = ""
	}
	if r.Seed != 0 {
		seed = strconv.FormatUint(r.Seed, 10)
	}
	if r.TTL != 0 {
		ttl = r.TTL.String()
	}
	conditions := []string{
		"order=" + string(r.Match.Order), "sku=" + string(r.Match.SKU), "attempts=" + r.Match.Attempts.String(),
		"within=" + string(r.Match.Within), "name=" + name, "seed=" + seed, "ttl=" + ttl,
	}
	return slices.DeleteFunc(conditions, func(c string) bool { return strings.HasSuffix(c, "=") })
}

// String is the kind with its arguments, as parse reads them.
func (f Fault) String() string {
	kind := f.Kind()
	arguments := slices.DeleteFunc(f.arguments(), func(a string) bool { return a == "" })
	if len(arguments) == 0 {
		return string(kind)
	}
	return fmt.Sprintf("%s(%s)", kind, strings.Join(arguments, ","))
}

func (f Fault) arguments() []string {
	flag := func(given bool, word string) string {
		if given {
			return word
		}
		return ""
	}
	span := func(d Duration) string { return flag(d != 0, d.String()) }
	switch f.Kind() {
	case KindAbort:
		return []string{string(f.Abort.Error), f.Abort.Code, span(f.Abort.RetryAfter), flag(f.Abort.Final, "final")}
	case KindDelay:
		return []string{f.Delay.Fixed.String(), span(f.Delay.Jitter)}
	case KindHang:
		return []string{flag(f.Hang.Execute, "execute"), span(f.Hang.Late)}
	case KindKill:
		return []string{flag(f.Kill.Signal != SignalKill, string(f.Kill.Signal))}
	case KindDuplicate:
		return []string{flag(f.Duplicate.Extra > 1, strconv.Itoa(f.Duplicate.Extra)), flag(f.Duplicate.Concurrent, "concurrent")}
	case KindCorrupt:
		return []string{string(f.Corrupt.Mode)}
	case KindPanic:
	}
	return nil
}
