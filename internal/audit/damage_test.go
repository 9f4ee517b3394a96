package audit_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/skald-saga/skald/internal/audit"
)

// damage is one way in which things come to disagree.
type damage struct {
	make   func(t *testing.T, w *world)
	want   []audit.Finding // what an audit names: kind, subject, what and why
	mended []string        // what Repair says of each; "" where it does nothing
	byHand func(t *testing.T, w *world)
	stays  bool // it is no damage, and stays named
}

const restored = "rows were changed by hand, or restored without each other"

// damages covers every kind.
func damages() map[string]damage {
	all := map[string]damage{}
	for _, some := range []map[string]damage{sagaDamages(), eventDamages(), topicDamages(), stockDamages(), providerDamages(), pruneDamages(), matters()} {
		maps.Copy(all, some)
	}
	return all
}

func TestEachDamageIsNamedMendedAndGone(t *testing.T) {
	t.Parallel()
	for name, d := range damages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d.make(t, w)
			found := w.audit(t, audit.Query{})
			wantFindings(t, d.want, found)
			wantMended(t, d.mended, w.repair(t, found))
			if d.byHand != nil {
				d.byHand(t, w)
			}
			left := w.audit(t, audit.Query{})
			if !d.stays {
				d.want = nil
			}
			wantFindings(t, d.want, left)
			if !left.Clean() {
				t.Errorf("after the repair %d are damaged", left.Damage())
			}
		})
	}
}

func TestEveryKindHasADamage(t *testing.T) {
	t.Parallel()
	var shown []audit.Kind
	for _, d := range damages() {
		for _, f := range d.want {
			shown = append(shown, f.Kind)
		}
	}
	for _, kind := range audit.Kinds() {
		if !slices.Contains(shown, kind) {
			t.Errorf("no damage shows a %s", kind)
		}
	}
}

// wantFindings also checks what the kind says of each finding.
func wantFindings(t *testing.T, want []audit.Finding, got audit.Report) {
	t.Helper()
	ignored := cmpopts.IgnoreFields(audit.Finding{}, "Level", "Safe", "Repair", "EventID", "Position", "Mended", "Trouble")
	if diff := cmp.Diff(want, got.Findings, ignored, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	for _, f := range got.Findings {
		if f.Level != f.Kind.Level() || f.Safe != f.Kind.Safe() || f.Repair == "" || f.Level != audit.LevelDamage && f.Safe {
			t.Errorf("%s is level %q, safe %t, repair %q", f.Kind, f.Level, f.Safe, f.Repair)
		}
	}
}

func wantMended(t *testing.T, want []string, got audit.Report) {
	t.Helper()
	var mended []string
	for _, f := range got.Findings {
		mended = append(mended, f.Mended)
		if f.Trouble != "" {
			t.Errorf("%s was not mended: %s", f.Kind, f.Trouble)
		}
	}
	if diff := cmp.Diff(want, mended); diff != "" {
		t.Errorf("mended (-want +got):\n%s", diff)
	}
}
