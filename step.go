package skald

// Step is one unit of the saga. Its name is also the name of the activity that
// does it, and part of stored histories: renaming one needs a new version.
type Step string

// The steps, in the order the saga does them.
const (
	StepReserveStock     Step = "reserve_stock"
	StepChargePayment    Step = "charge_payment"
	StepScheduleShipping Step = "schedule_shipping"
	StepConfirmOrder     Step = "confirm_order"
)

// Pivot is the step after whose success the saga only goes forward.
const Pivot = StepScheduleShipping

// Undo is the compensation of a step. Its name is also its activity's name.
type Undo string

// The undos. confirm_order has none: it lies behind the pivot.
const (
	UndoReleaseStock   Undo = "release_stock"
	UndoRefundPayment  Undo = "refund_payment"
	UndoCancelShipping Undo = "cancel_shipping"
)

// Steps lists the steps in the order the saga does them.
func Steps() []Step {
	return []Step{StepReserveStock, StepChargePayment, StepScheduleShipping, StepConfirmOrder}
}

// Undos lists the undos in the order the saga runs them: last step first.
func Undos() []Undo {
	return []Undo{UndoCancelShipping, UndoRefundPayment, UndoReleaseStock}
}

// Undo is the compensation of s, or "" for a step that has none.
func (s Step) Undo() Undo {
	switch s {
	case StepReserveStock:
		return UndoReleaseStock
	case StepChargePayment:
		return UndoRefundPayment
	case StepScheduleShipping:
		return UndoCancelShipping
	case StepConfirmOrder:
		return ""
	}
	return ""
}

// Step is the step that u takes back, or "" for an unknown undo.
func (u Undo) Step() Step {
	for _, step := range Steps() {
		if u != "" && step.Undo() == u {
			return step
		}
	}
	return ""
}
