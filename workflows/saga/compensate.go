package saga

// compensate undoes every declared step, last first, until none is parked.
//
// Every declared step, and not only those that this run has seen succeed: an
// attempt of the failed step may land later, and after a failed workflow task
// the run may have forgotten steps that were done. Only the undo's own record
// of having run, "nothing to undo" included, refuses such a late do.
func (r *run[S]) compensate(original Failure) error {
	for steps := r.def.compensation(); ; {
		parked, failures := r.undo(steps)
		if len(parked) == 0 {
			return &CompensatedError{Failure: original}
		}
		if r.def.Parked == nil {
			return &StrandedError{Failure: original, Undos: failures}
		}
		if err := r.def.Parked(r.at(r.ctx, "", ""), r.state, failures); err != nil {
			return &StrandedError{Failure: original, Undos: failures, Err: err}
		}
		steps = parked
	}
}

// undo runs the undo of each step in the order given. It returns those whose
// undo failed; the others do not wait for them.
func (r *run[S]) undo(steps []Step[S]) (parked []Step[S], failures []Failure) {
	for _, step := range steps {
		note, err := r.act(r.ctx, step.Undo, step.Name, PhaseUndo)
		entry := Entry{Step: step.Name, Phase: PhaseUndo, Undo: step.undoName(), Outcome: Undone, Note: note}
		if err != nil {
			entry.Outcome = Parked
			parked = append(parked, step)
			failures = append(failures, Failure{Step: step.Name, Undo: step.undoName(), Err: err})
		}
		r.record(r.ctx, entry, err)
	}
	return parked, failures
}
