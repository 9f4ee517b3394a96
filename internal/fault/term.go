package fault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The terse form is one rule on one line, after FreeBSD's fail(9):
//
//	point[/phase][conditions]=[percentage%][times*]kind[(arguments)][->off]
//
// as in charge_payment/after[order=o-1*,attempts=1-2]=20%3*abort(unavailable)->off.
// Conditions are order, sku, attempts and within of Match, and name, seed and
// ttl of the rule. "->off" says what "3*" means: after three times the rule is
// off. Several rules are separated by semicolons.

// MaxTerse bounds the text that Parse reads.
const MaxTerse = 4096

// Parse reads one or more rules in the terse form and validates them. An error
// names the part that is wrong.
func Parse(text string) ([]Rule, error) {
	if len(text) > MaxTerse {
		return nil, fmt.Errorf("rules are %d bytes: must be at most %d", len(text), MaxTerse)
	}
	var rules []Rule
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		rule, err := parseOne(part)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", part, err)
		}
		rules = append(rules, rule)
	}
	if len(rules) == 0 {
		return nil, errors.New("rules are empty: want one like charge_payment/after=abort(unavailable)")
	}
	return rules, nil
}

func parseOne(text string) (Rule, error) {
	place, term, ok := cutPlace(text)
	if !ok {
		return Rule{}, errors.New("has no term: want point/phase=term")
	}
	var r Rule
	if err := r.parsePlace(place); err != nil {
		return Rule{}, err
	}
	if err := r.parseTerm(term); err != nil {
		return Rule{}, err
	}
	r = r.Filled()
	return r, r.Validate()
}

// cutPlace finds the "=" between place and term, behind the conditions, which
// have some of their own.
func cutPlace(text string) (place, term string, ok bool) {
	from := 0
	if open := strings.IndexByte(text, '['); open >= 0 && open < strings.IndexByte(text, '=') {
		from = max(0, strings.IndexByte(text, ']'))
	}
	place, term, ok = strings.Cut(text[from:], "=")
	return text[:from] + place, term, ok
}

func (r *Rule) parsePlace(place string) error {
	place, conditions, has := strings.Cut(place, "[")
	point, phase, hasPhase := strings.Cut(place, "/")
	if hasPhase && phase == "" {
		return errors.New("match.phase is missing behind the slash")
	}
	r.Match.Point, r.Match.Phase = Point(point), Phase(phase)
	if !has {
		return nil
	}
	conditions, closed := strings.CutSuffix(conditions, "]")
	if !closed {
		return errors.New("conditions do not end with ]")
	}
	seen := map[string]bool{}
	for condition := range strings.SplitSeq(conditions, ",") {
		name, value, _ := strings.Cut(condition, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if value == "" || seen[name] {
			return fmt.Errorf("condition %q: must be name=value, each once", condition)
		}
		seen[name] = true
		if err := r.parseCondition(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rule) parseCondition(name, value string) (err error) {
	switch name {
	case "order":
		r.Match.Order = Pattern(value)
	case "sku":
		r.Match.SKU = Pattern(value)
	case "attempts":
		return r.Match.Attempts.UnmarshalText([]byte(value))
	case "within":
		r.Match.Within = Point(value)
	case "name":
		r.Name = value
	case "seed":
		if r.Seed, err = strconv.ParseUint(value, 10, 64); err != nil {
			return fmt.Errorf("seed is %q: must be a number from 0 to 2^64-1", value)
		}
	case "ttl":
		return r.TTL.UnmarshalText([]byte(value))
	default:
		return fmt.Errorf("condition %q: must be one of order, sku, attempts, within, name, seed, ttl", name)
	}
	return nil
}

func (r *Rule) parseTerm(term string) error {
	term, ends := strings.CutSuffix(strings.TrimSpace(term), "->off")
	if strings.Contains(term, "->") {
		return errors.New("a rule has one term: write a second rule for what comes after ->")
	}
	if percentage, rest, ok := strings.Cut(term, "%"); ok {
		value, err := strconv.ParseFloat(percentage, 64)
		if err != nil || !(value > 0) { // NaN is not above 0 either
			return fmt.Errorf("percentage is %q: must be above 0 and at most 100", percentage)
		}
		r.Percentage, term = Percentage(value), rest
	}
	if times, rest, ok := strings.Cut(term, "*"); ok {
		value, err := strconv.Atoi(times)
		if err != nil || value < 1 {
			return fmt.Errorf("times is %q: must be 1 to %d", times, MaxTimes)
		}
		r.Times, term = value, rest
	}
	if ends && r.Times == 0 {
		return errors.New("->off without times: write how often before, as in 3*abort(unavailable)->off")
	}
	kind, rest, hasArguments := strings.Cut(term, "(")
	arguments, closed := strings.CutSuffix(rest, ")")
	if hasArguments && !closed {
		return fmt.Errorf("arguments of %s do not end with )", kind)
	}
	return r.Fault.parse(Kind(kind), split(arguments))
}

func split(arguments string) []string {
	if strings.TrimSpace(arguments) == "" {
		return nil
	}
	parts := strings.Split(arguments, ",")
	for n := range parts {
		parts[n] = strings.TrimSpace(parts[n])
	}
	return parts
}
