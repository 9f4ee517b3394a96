package stack

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Tools are the programs that a stack runs, as absolute paths. Install finds or
// makes them.
type Tools struct {
	Java        string // the command java, of version 17 or newer
	Kafka       string // folder with the jars of Apache Kafka
	Temporal    string // Temporal's server
	TemporalSQL string // Temporal's tool for its schema in SQL databases, of the same version
	Postgres    string // folder with initdb and postgres
	// FakeTime is libfaketime, which moves the clock of the program that loads it;
	// empty when the system has none.
	FakeTime string
}

func (t Tools) validate() error {
	var problems []error
	for _, tool := range []struct{ name, path string }{
		{"Java", t.Java}, {"Kafka", t.Kafka}, {"Temporal", t.Temporal}, {"TemporalSQL", t.TemporalSQL}, {"Postgres", t.Postgres},
	} {
		if !filepath.IsAbs(tool.path) {
			problems = append(problems, fmt.Errorf("stack: Tools.%s is %q, must be an absolute path: call Install", tool.name, tool.path))
		}
	}
	return errors.Join(problems...)
}
