package activities_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/activities"
)

type registry []string

func (r *registry) RegisterActivityWithOptions(_ any, o activity.RegisterOptions) {
	*r = append(*r, o.Name)
}

func TestEveryStepUndoAndQuestionIsRegisteredOnceUnderItsName(t *testing.T) {
	t.Parallel()
	want := []string{
		skald.ActivityBeginCompensation, skald.ActivityRequestCancel,
		skald.ActivityDecideIncident, skald.ActivityCloseOrder,
	}
	for _, step := range skald.Steps() {
		want = append(want, string(step))
	}
	for _, undo := range skald.Undos() {
		want = append(want, string(undo))
	}
	var got registry
	newActivities(t, activities.Options{Store: &fakeStore{}}).Register(&got)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, []string(got)); diff != "" {
		t.Errorf("registered (-want +got):\n%s", diff)
	}
}

func TestOptionsThatCannotWorkAreRefusedByName(t *testing.T) {
	t.Parallel()
	good := activities.Options{Store: &fakeStore{}, Payment: &fakePayment{}, Carrier: noCarrier{}}
	for _, test := range []struct {
		change func(*activities.Options)
		want   string
	}{
		{func(o *activities.Options) { *o = activities.Options{} }, "Store is required\nPayment is required\nCarrier is required"},
		{func(o *activities.Options) { o.CallWindow = -time.Second }, "CallWindow is -1s: must be 0 to 5m0s"},
		{func(o *activities.Options) { o.CallWindow = time.Hour }, "CallWindow is 1h0m0s: must be 0 to 5m0s"},
		{func(o *activities.Options) { o.Settle = 25 * time.Hour }, "Settle is 25h0m0s: must be 0 to 24h0m0s"},
	} {
		options := good
		test.change(&options)
		_, err := activities.New(options)
		if err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	if _, err := activities.New(good); err != nil {
		t.Errorf("good options: %v", err)
	}
}
