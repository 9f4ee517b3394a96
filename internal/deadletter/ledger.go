package deadletter

import "context"

// ledger says which letters of some spans are settled, one byte a record.
type ledger struct {
	spans    spans
	verdicts map[int32][]byte
}

const (
	markReplayed  byte = 1
	markDiscarded byte = 2
)

// readLedger reads every verdict about letters in s. s must reach to where the
// verdicts may be.
func (d *Desk) readLedger(ctx context.Context, s spans) (*ledger, error) {
	l := &ledger{spans: s, verdicts: map[int32][]byte{}}
	for partition, span := range s {
		l.verdicts[partition] = make([]byte, span.to-span.from)
	}
	for r, err := range d.records(ctx, s) {
		if err != nil {
			return nil, err
		}
		if of, v, ok := readVerdict(r); ok {
			l.note(of, v.State)
		}
	}
	return l, nil
}

// note keeps a letter's first verdict.
func (l *ledger) note(of position, state State) {
	mark := l.mark(of)
	if mark == nil || *mark != 0 {
		return
	}
	*mark = markDiscarded
	if state == StateReplayed {
		*mark = markReplayed
	}
}

func (l *ledger) state(of position) State {
	switch mark := l.mark(of); {
	case mark == nil || *mark == 0:
		return StateParked
	case *mark == markReplayed:
		return StateReplayed
	default:
		return StateDiscarded
	}
}

// mark is nil for a letter outside the spans.
func (l *ledger) mark(of position) *byte {
	marks, at := l.verdicts[of.partition], of.offset-l.spans[of.partition].from
	if at < 0 || at >= int64(len(marks)) {
		return nil
	}
	return &marks[at]
}
