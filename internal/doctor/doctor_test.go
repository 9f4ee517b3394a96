package doctor_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/doctor"
	"github.com/skald-saga/skald/internal/kafka"
)

func TestADependencyThatIsAwayIsOneFinding(t *testing.T) {
	t.Parallel()
	for _, away := range []string{"database", "kafka", "temporal"} {
		e := healthy()
		e.away[away] = errors.New("connection refused")
		report := e.examine(t)
		want := []complaint{{away, "reachable", doctor.Fail, "bring it up, or correct its address and credentials; then run skald doctor again"}}
		if diff := cmp.Diff(want, complaintsOf(report)); diff != "" {
			t.Errorf("complaints (-want +got):\n%s", diff)
		}
		about := 0
		for _, f := range report.Findings {
			if f.Of == away {
				about++
			}
		}
		if about != 1 {
			t.Errorf("%d findings about %s, which is away", about, away)
		}
	}
}

func TestAQuestionThatFailsOrTakesTooLongLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	for want, fault := range map[string]func(*environment){
		"deadline": func(e *environment) { e.options.Limit, e.database.silent = shortLimit, true },
		"denied":   func(e *environment) { e.database.fails = errors.New("permission denied") },
	} {
		e := healthy()
		fault(e)
		report := e.examine(t)
		failed := slices.DeleteFunc(report.Findings, func(f doctor.Finding) bool { return f.State == doctor.OK })
		if len(failed) != 1 || failed[0].Check != "server" || failed[0].State != doctor.Fail || !strings.Contains(failed[0].Found, want) {
			t.Errorf("%s: findings %+v", want, failed)
		}
	}
}

func TestFindingsComeInTheSameOrderEveryTime(t *testing.T) {
	t.Parallel()
	names := func() (names []string) {
		for _, f := range healthy().examine(t).Findings {
			names = append(names, f.Of+"/"+f.Check)
		}
		return names
	}
	want := names()
	if sorted := slices.Compact(slices.Sorted(slices.Values(want))); len(sorted) != len(want) || len(want) < 35 {
		t.Errorf("%d findings of %d names", len(want), len(sorted))
	}
	for range 20 {
		if diff := cmp.Diff(want, names()); diff != "" {
			t.Fatalf("order (-first +now):\n%s", diff)
		}
	}
}

// The embedded environment has one broker with one copy, and no server to set.
func TestWhatSkaldDevDoesNotPromiseIsSkipped(t *testing.T) {
	t.Parallel()
	e := healthy()
	e.options.Embedded = true
	e.kafka.brokers.Count = 1
	e.kafka.brokers.Settings["auto.create.topics.enable"] = []string{"true"}
	e.set("min.insync.replicas", "1")
	for n := range e.kafka.topics {
		e.kafka.topics[n].Replicas = 1
	}
	e.database.server = doctor.Server{Engine: "sqlite", Version: "3.53.0", Settings: map[string]string{"journal_mode": "wal"}}
	want := []complaint{
		{"database", "primary", doctor.Skipped, ""},
		{"database", "isolation", doctor.Skipped, ""},
		{"database", "encoding", doctor.Skipped, ""},
		{"database", "autovacuum", doctor.Skipped, ""},
		{"database", "connections", doctor.Skipped, ""},
		{"kafka", "brokers", doctor.Skipped, ""},
		{"kafka", "replicas", doctor.Skipped, ""},
	}
	if diff := cmp.Diff(want, complaintsOf(e.examine(t))); diff != "" {
		t.Errorf("complaints (-want +got):\n%s", diff)
	}
	e.database.server.Settings["journal_mode"] = "delete"
	if got := complaintsOf(e.examine(t)); !slices.Contains(got, complaint{"database", "durability", doctor.Fail, "the file system may not support it: keep the file on a local disk"}) {
		t.Errorf("without WAL: %+v", got)
	}
}

// A relay alone must not be asked for rights that only others need.
func TestOnlyTheRightsOfTheRolesAreJudged(t *testing.T) {
	t.Parallel()
	e := healthy()
	e.options.Groups = nil
	e.options.Access = []kafka.Access{{Topic: skald.TopicEvents, Write: true}}
	e.kafka.groups[skald.GroupIntake] = doctor.Group{Name: skald.GroupIntake, Refused: true}
	for n := range e.kafka.topics {
		e.kafka.topics[n].May = []string{"WRITE"}
	}
	if diff := cmp.Diff([]complaint{{"kafka", "group rights", doctor.Skipped, ""}}, complaintsOf(e.examine(t))); diff != "" {
		t.Errorf("complaints (-want +got):\n%s", diff)
	}
}

func TestAProviderIsAskedWhetherItAnswersAndNoMore(t *testing.T) {
	t.Parallel()
	var asked []string
	answer := http.StatusNotFound
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		w.WriteHeader(answer)
	}))
	defer server.Close()
	examine := func(url string) doctor.Finding {
		e := healthy()
		e.options.Providers = []doctor.Provider{{Kind: "payment", URL: url}}
		findings := e.examine(t).Findings
		at := slices.IndexFunc(findings, func(f doctor.Finding) bool { return f.Of == "payment" })
		return findings[at]
	}
	if got := examine(server.URL + "/pay"); got.State != doctor.OK || !strings.HasPrefix(got.Found, "it answers 404; skald provider check "+server.URL+"/pay --kind payment") {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]string{"GET /pay"}, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	answer = http.StatusBadGateway
	if got := examine(server.URL); got.State != doctor.Warn {
		t.Errorf("a bad gateway: %+v", got)
	}
	server.Close()
	if got := examine(server.URL); got.State != doctor.Fail {
		t.Errorf("a closed port: %+v", got)
	}
}

func TestALimitThatCannotBeIsNamedWithItsBound(t *testing.T) {
	t.Parallel()
	_, err := doctor.New(doctor.Options{Limit: time.Hour})
	if err == nil || err.Error() != "doctor: Limit is 1h0m0s, must be 0 to 10m0s" {
		t.Errorf("got %v", err)
	}
}

func TestAReportCountsItsFindings(t *testing.T) {
	t.Parallel()
	e := healthy()
	e.kafka.brokers.Count = 2
	e.postgres("fsync", "off")
	report := e.examine(t)
	total := 0
	for _, state := range doctor.States() {
		total += report.Count(state)
	}
	if total != len(report.Findings) || report.Count(doctor.Warn) != 1 || report.Count(doctor.Fail) != 1 {
		t.Errorf("%d of %d counted, %d warnings, %d failures", total, len(report.Findings), report.Count(doctor.Warn), report.Count(doctor.Fail))
	}
}
