package fleet

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// DefaultGrace is how long a container has to stop when the file does not say.
const DefaultGrace = 10 * time.Second

// Variables whose values are addresses of the process itself.
const (
	variableListen = "SKALD_LISTEN"
	variableServer = "SKALD_SERVER" // whom `skald health` asks
)

// Service is one service of the file that runs skald.
type Service struct {
	Name        string
	Command     []string          // arguments of skald
	Environment map[string]string // as in the file: addresses are those inside
	Health      *Health           // nil: it has no health check
	Replicas    int               // how many the file asks for
	Grace       time.Duration     // from SIGTERM to SIGKILL
	Ends        bool              // others wait for its completion
	Attempts    int               // how often one that ends may run until it succeeds
	After       []string          // services of skald's that come before it

	neighbours []string // every service of the file, skald's or not
}

// Health is a health check: skald again, with these arguments.
type Health struct {
	Args                                []string
	Timeout, StartPeriod, StartInterval time.Duration
}

// has reports whether the service serves a role.
func (s Service) has(role string) bool {
	at := slices.Index(s.Command, "--roles")
	return at >= 0 && at+1 < len(s.Command) && slices.Contains(strings.Split(s.Command[at+1], ","), role)
}

// listens reports whether the service has an address of its own.
func (s Service) listens() bool { return s.Environment[variableListen] != "" }

var namePort = regexp.MustCompile(`^([A-Za-z0-9_-]+):\d+$`)

// inside lists the addresses in the value of a variable that mean something only
// among the file's services, as name:port.
func (s Service) inside(variable string) []string {
	var found []string
	for _, word := range addressWords(s.Environment[variable]) {
		parts := namePort.FindStringSubmatch(word)
		if parts != nil && slices.Contains(s.neighbours, parts[1]) {
			found = append(found, word)
		}
	}
	return found
}

// addressWords cuts a list of addresses, or a URL, into what may be addresses.
func addressWords(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(",/@?", r) })
}

// startOrder lists the services so that each comes behind those it waits for.
func startOrder(services map[string]Service) ([]string, error) {
	var order []string
	for len(order) < len(services) {
		before := len(order)
		for _, name := range slices.Sorted(maps.Keys(services)) {
			waits := slices.ContainsFunc(services[name].After, func(other string) bool { return !slices.Contains(order, other) })
			if !waits && !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
		if len(order) == before {
			return nil, errors.New("services wait for each other in a circle")
		}
	}
	return order, nil
}

// String names the service and what it does.
func (s Service) String() string { return fmt.Sprintf("%s (%s)", s.Name, strings.Join(s.Command, " ")) }
