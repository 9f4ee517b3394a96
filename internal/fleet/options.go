package fleet

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
)

// Options say what to run, and on what. A zero field means its documented
// default.
type Options struct {
	// ComposeFile is the file to read. Required.
	ComposeFile string
	// Binary is the program skald, as an absolute path. Required.
	Binary string
	// Dir holds a log for each replica. An absolute path, made when missing.
	// Required.
	Dir string
	// Addresses say where the servers are that the file calls by a name, such as
	// "kafka:19092": "127.0.0.1:9092". Every such address in the environment of a
	// service must be among them.
	Addresses map[string]string
	// Environment is added to that of every service, or replaces parts of it: what
	// goes with other addresses, such as passwords. Default: nothing.
	Environment map[string]string
	// Replicas are other numbers of replicas than the file's, by service, as
	// --scale says them.
	Replicas map[string]int
	// Variables are what the file's ${VARIABLES} stand for. Default: none is set.
	Variables map[string]string
	// Logger is told of every start and stop. Default slog.Default().
	Logger *slog.Logger
}

// maxReplicas bounds the replicas of one service.
const maxReplicas = 100

// Validate names every field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	var problems []error
	if o.ComposeFile == "" {
		problems = append(problems, errors.New("fleet: ComposeFile is missing"))
	}
	for _, path := range []struct{ name, value string }{{"Binary", o.Binary}, {"Dir", o.Dir}} {
		if !filepath.IsAbs(path.value) {
			problems = append(problems, fmt.Errorf("fleet: %s is %q, must be an absolute path", path.name, path.value))
		}
	}
	for _, inside := range slices.Sorted(maps.Keys(o.Addresses)) {
		if _, _, err := net.SplitHostPort(inside); err != nil {
			problems = append(problems, fmt.Errorf("fleet: Addresses has %q, must be name:port", inside))
		}
	}
	for _, service := range slices.Sorted(maps.Keys(o.Replicas)) {
		if count := o.Replicas[service]; count < 0 || count > maxReplicas {
			problems = append(problems, fmt.Errorf("fleet: Replicas of %s are %d, must be 0 to %d", service, count, maxReplicas))
		}
	}
	return errors.Join(problems...)
}

func (o Options) withDefaults() Options {
	o.Dir = filepath.Clean(o.Dir)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func (o Options) replicas(s Service) int {
	if count, given := o.Replicas[s.Name]; given {
		return count
	}
	return s.Replicas
}

// knows errors for every address of another service that nobody gave, and for
// every service that is given replicas and is none.
func (o Options) knows(services map[string]Service) error {
	var problems []error
	for name := range o.Replicas {
		if service, ok := services[name]; !ok || service.Ends {
			problems = append(problems, fmt.Errorf("fleet: Replicas names %s, which is no service of skald's that stays up", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(services)) {
		s := services[name]
		for _, variable := range slices.Sorted(maps.Keys(s.Environment)) {
			for _, address := range s.inside(variable) {
				if o.Addresses[address] == "" {
					problems = append(problems, fmt.Errorf("fleet: %s of %s holds %s, and Addresses does not say where that is", variable, name, address))
				}
			}
		}
	}
	return errors.Join(problems...)
}

// place is the service's environment where it runs now: nothing but addresses
// is replaced. listen is the address to listen on; empty when it listens on none.
func (o Options) place(s Service, listen string) map[string]string {
	placed := map[string]string{}
	for variable, value := range s.Environment {
		for _, address := range s.inside(variable) {
			value = strings.ReplaceAll(value, address, o.Addresses[address])
		}
		placed[variable] = value
	}
	if listen != "" {
		placed[variableListen] = listen
	}
	maps.Copy(placed, o.Environment)
	return placed
}
