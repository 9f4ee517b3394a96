package soak

import (
	"slices"
	"strings"

	"github.com/skald-saga/skald"
)

// kindOf reads the kind out of a CloudEvents type.
func kindOf(r Record) skald.Kind {
	return skald.Kind(strings.TrimSuffix(strings.TrimPrefix(r.Headers["ce_type"], "io.skald."), ".v1"))
}

func undoneInReverse(b *Bundle, v *Verdict) {
	for _, order := range b.Orders {
		done, undone := order.effects()
		if !order.has(skald.KindCompensationStarted) {
			if len(undone) > 0 {
				v.violated("order %s undid %v and never began to", order.Order.ID, undone)
			}
			continue
		}
		v.Looked++
		wanted := slices.Clone(done)
		slices.Reverse(wanted)
		if late := string(skald.StepChargePayment); slices.Contains(undone, late) && !slices.Contains(done, late) {
			wanted = slices.Insert(wanted, 0, late) // captured after the saga had given up on it
			inStepOrder(wanted)
		}
		if !slices.Equal(wanted, undone) {
			v.violated("order %s did %v and undid %v", order.Order.ID, done, undone)
		}
		order.completed(undone, v)
	}
}

// effects are the steps that took effect and those that were undone, as the
// timeline has them.
func (o OrderRecord) effects() (done, undone []string) {
	for _, event := range o.Timeline {
		if step, does := doneBy[event.Kind]; does {
			done = append(done, step)
		}
		if step, undoes := undoneBy[event.Kind]; undoes {
			undone = append(undone, step)
		}
	}
	return done, undone
}

// inStepOrder sorts steps, last first.
func inStepOrder(steps []string) {
	slices.SortFunc(steps, func(a, b string) int {
		return slices.Index(skald.Steps(), skald.Step(b)) - slices.Index(skald.Steps(), skald.Step(a))
	})
}

// completed holds the event that ends a compensation to what it says.
func (o OrderRecord) completed(undone []string, v *Verdict) {
	event, there := o.event(skald.KindCompensationCompleted)
	if !there {
		v.violated("order %s began to undo and never completed it", o.Order.ID)
		return
	}
	var said []string
	for _, undo := range data[skald.CompensationCompleted](event).Undone {
		said = append(said, string(undo.Step()))
	}
	if !slices.Equal(said, undone) {
		v.violated("order %s undid %v, and says %v", o.Order.ID, undone, said)
	}
}

func noDeadLetters(b *Bundle, v *Verdict) {
	for _, record := range b.Records {
		v.Looked++
		if record.Topic == skald.TopicDeadLetters {
			v.violated("the message %s was put aside: %s", record.Key, record.Headers["__dlq.errors.exception.message"])
		}
	}
}

func secrets(b *Bundle, v *Verdict) {
	for _, record := range b.Records {
		v.Looked++
		for where, text := range record.texts() {
			if canary, sings := canaryIn(text); sings {
				v.violated("%s %d/%d shows %q in its %s", record.Topic, record.Partition, record.Offset, canary, where)
			}
		}
	}
	for name, lines := range b.Logs {
		v.Looked++
		if canary, sings := canaryIn(lines); sings {
			v.violated("%s shows %q: %.300s", name, canary, lines)
		}
	}
}

func (r Record) texts() map[string]string {
	texts := map[string]string{"value": r.Value, "key": r.Key}
	for name, value := range r.Headers {
		texts["header "+name] = value
	}
	return texts
}
