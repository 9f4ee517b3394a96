package saga

import "go.temporal.io/sdk/workflow"

// Place says where in a saga a context belongs. Everything that is called on
// the context of an action or a hook, or on one derived from it, belongs there.
type Place struct {
	Saga  string // name of the definition
	Step  string // of an action, or the one a hook is asked about; may be empty in a hook
	Phase Phase  // PhaseDo and PhaseUndo for actions, PhaseCancel for Cancel, empty for the other hooks
}

// PlaceOf is the place of ctx; false outside a saga's actions and hooks. An
// interceptor learns from it which step has scheduled an activity.
func PlaceOf(ctx workflow.Context) (Place, bool) {
	place, ok := ctx.Value(placeKey{}).(Place)
	return place, ok
}

// Watcher hears what a saga does, as it does it: for interceptors that count,
// and for tests. It is called in workflow code, on replay too, and must neither
// block nor call the workflow API.
type Watcher interface {
	Begins(outline Outline)
	Acts(place Place)        // before an action
	Records(entry Entry)     // each entry of the log, repeated ones too
	Ends(log Log, err error) // what Run returns
}

// WithWatcher returns a context under which every saga tells w.
func WithWatcher(ctx workflow.Context, w Watcher) workflow.Context {
	return workflow.WithValue(ctx, watcherKey{}, w)
}

type (
	placeKey   struct{}
	watcherKey struct{}
)

func watcherOf(ctx workflow.Context) Watcher {
	if w, ok := ctx.Value(watcherKey{}).(Watcher); ok {
		return w
	}
	return deaf{}
}

// deaf is the watcher of a saga that nobody watches.
type deaf struct{}

func (deaf) Begins(Outline)  {}
func (deaf) Acts(Place)      {}
func (deaf) Records(Entry)   {}
func (deaf) Ends(Log, error) {}

// at is ctx in its place.
func (r *run[S]) at(ctx workflow.Context, step string, phase Phase) workflow.Context {
	return workflow.WithValue(ctx, placeKey{}, Place{Saga: r.def.Name, Step: step, Phase: phase})
}

// act carries out an action in its place.
func (r *run[S]) act(ctx workflow.Context, action Action[S], step string, phase Phase) (string, error) {
	r.watcher.Acts(Place{Saga: r.def.Name, Step: step, Phase: phase})
	return action(r.at(ctx, step, phase), r.state)
}
