package skald_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/fleet"
)

// What the fleet starts is only worth something when it reads the file as a
// container engine does.
func TestTheFleetReadsTheComposeFileAsItsReferenceDoes(t *testing.T) {
	t.Parallel()
	type reading struct {
		Command, Health []string
		Environment     map[string]string
		Grace           time.Duration
		Replicas        int
		Ends            bool
	}
	want, got := map[string]reading{}, map[string]reading{}
	file := readCompose(t)
	for name, service := range file.Services {
		if service.Build == nil {
			continue
		}
		r := reading{Command: service.Command, Environment: service.Environment, Replicas: 1, Grace: fleet.DefaultGrace}
		if service.Health != nil {
			r.Health = service.Health.Test[2:]
		}
		if service.Deploy.Replicas != nil {
			r.Replicas = *service.Deploy.Replicas
		}
		if grace, err := time.ParseDuration(service.Grace); err == nil {
			r.Grace = grace
		}
		for _, other := range file.Services {
			r.Ends = r.Ends || other.DependsOn[name].Condition == "service_completed_successfully"
		}
		want[name] = r
	}
	services, err := fleet.Read(composeFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range services {
		r := reading{Command: s.Command, Environment: s.Environment, Grace: s.Grace, Replicas: s.Replicas, Ends: s.Ends}
		if s.Health != nil {
			r.Health = s.Health.Args
		}
		got[name] = r
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-reference +fleet):\n%s", diff)
	}
}
