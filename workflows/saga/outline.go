package saga

// Outline is a definition without its actions: what can be listed, drawn, and
// exhausted by tests (package sagatest).
type Outline struct {
	Name         string
	Steps        []StepOutline // in order
	Pivot        string        // empty: none
	CancelSignal string        // empty: none
	Asks         bool          // Cancel decides about requests
	Decides      bool          // Begin decides what follows a failure
	Waits        bool          // Parked waits while undos are refused for good
}

// StepOutline is a step without its actions.
type StepOutline struct {
	Name string
	Undo string // the undo's name; empty: the step has none
}

// Outline describes d, whether it is valid or not.
func (d Definition[S]) Outline() Outline {
	outline := Outline{
		Name: d.Name, Pivot: d.Pivot, CancelSignal: d.CancelSignal,
		Asks: d.Cancel != nil, Decides: d.Begin != nil, Waits: d.Parked != nil,
	}
	for _, step := range d.Steps {
		undo := ""
		if step.Undo != nil {
			undo = step.undoName()
		}
		outline.Steps = append(outline.Steps, StepOutline{Name: step.Name, Undo: undo})
	}
	return outline
}
