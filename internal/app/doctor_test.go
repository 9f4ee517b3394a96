package app_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
)

// addresses is the configuration with which a command gets to w from outside.
func (w *world) addresses(dir string) app.Config {
	at := w.Addresses()
	return app.Config{
		Database: "sqlite:" + filepath.Join(dir, "skald.db"), Kafka: at.Kafka, Temporal: at.Temporal, Namespace: at.Namespace, Logger: quiet(),
	}
}

// troubles are the checks that warn or fail.
func troubles(report app.Examination) (found []string) {
	for _, f := range report.Findings {
		if f.State == app.FindingWarn || f.State == app.FindingFail {
			found = append(found, f.Of+"/"+f.Check+" "+string(f.State))
		}
	}
	return found
}

func TestTheDoctorFindsNothingWrongWithAFreshSkaldDevAndWhatIsBrokenLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := start(t, app.DevConfig{Dir: dir})
	w.receive(t, "LAMP", 10)
	w.place(t, newOrder("examined"))
	w.await(t, "examined", skald.StatusConfirmed)
	w.awaitPublished(t)
	config := w.addresses(dir)
	examine := func() app.Examination {
		t.Helper()
		report, err := app.Examine(t.Context(), config, app.ExamineOptions{Embedded: true})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	report := examine()
	if found := troubles(report); found != nil || len(report.Findings) < 40 {
		t.Errorf("%d findings, of them %v", len(report.Findings), found)
	}
	for _, want := range []string{"it has 1 sagas of the last 1 orders", "all 4 are there", "server 1.32.1"} {
		if !slices.ContainsFunc(report.Findings, func(f app.Finding) bool { return f.Found == want }) {
			t.Errorf("nothing says %q: %+v", want, report.Findings)
		}
	}

	shorten(t, w)
	if diff := cmp.Diff([]string{"kafka/retention.ms fail"}, troubles(examine())); diff != "" {
		t.Errorf("after shortening retention (-want +got):\n%s", diff)
	}
	config.Namespace = "elsewhere"
	if diff := cmp.Diff([]string{"kafka/retention.ms fail", "temporal/namespace fail"}, troubles(examine())); diff != "" {
		t.Errorf("in a namespace that is not there (-want +got):\n%s", diff)
	}
}

func shorten(t *testing.T, w *world) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.Addresses().Kafka...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	minute := "60000"
	if _, err := kadm.NewClient(client).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: "retention.ms", Value: &minute}}, skald.TopicCompensations); err != nil {
		t.Fatal(err)
	}
}

func TestTheDoctorMakesNoDatabase(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "orders.db")
	report, err := app.Examine(t.Context(), app.Config{
		Database: "sqlite:" + file, Kafka: []string{"127.0.0.1:1"}, Temporal: "127.0.0.1:1", Logger: quiet(),
	}, app.ExamineOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"database/reachable fail", "ledger/reachable fail", "kafka/reachable fail", "temporal/reachable fail"}
	if diff := cmp.Diff(want, troubles(report)); diff != "" || len(report.Findings) != len(want) {
		t.Errorf("%d findings (-want +got):\n%s", len(report.Findings), diff)
	}
	if !strings.HasSuffix(report.Findings[0].Found, "orders.db: there is no SQLite file yet") {
		t.Errorf("found %q", report.Findings[0].Found)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is there: %v", err)
	}
}
