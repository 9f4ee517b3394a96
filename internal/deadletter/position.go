package deadletter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// position is a record's place on the dead letter topic.
type position struct {
	partition int32
	offset    int64
}

func positionOf(r *kgo.Record) position { return position{r.Partition, r.Offset} }

// String is the letter's ID.
func (p position) String() string {
	return strconv.FormatInt(int64(p.partition), 10) + "-" + strconv.FormatInt(p.offset, 10)
}

// readPosition takes only what String writes, so that a letter has one ID.
func readPosition(id string) (position, bool) {
	partition, offset, _ := strings.Cut(id, "-")
	number, err := strconv.ParseInt(partition, 10, 32)
	if err != nil {
		return position{}, false
	}
	at, err := strconv.ParseInt(offset, 10, 64)
	p := position{int32(number), at}
	return p, err == nil && number >= 0 && at >= 0 && p.String() == id
}

// readIDs is the positions of ids, each once, or a *skald.Invalid.
func readIDs(ids []string) ([]position, error) {
	switch {
	case len(ids) == 0:
		return nil, invalid("ids", "must name at least one letter")
	case len(ids) > MaxIDs:
		return nil, invalid("ids", fmt.Sprintf("must name at most %d letters", MaxIDs))
	}
	var wanted []position
	for n, id := range ids {
		p, ok := readPosition(id)
		if !ok {
			return nil, invalid(fmt.Sprintf("ids[%d]", n), "must be partition-offset, such as 0-17")
		}
		if !slices.Contains(wanted, p) {
			wanted = append(wanted, p)
		}
	}
	return wanted, nil
}

func invalid(field, message string) error {
	return &skald.Invalid{Violations: []skald.Violation{{Field: field, Message: message}}}
}
