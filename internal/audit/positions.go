package audit

import "fmt"

// positions is a set of outbox positions: a bit each, in chunks that are made
// when they are first used. Positions are dense, so this is about an eighth of a
// byte for each event, however an order's events are spread over topics.
type positions map[int64]*chunk

type chunk [chunkBits / 64]uint64

const (
	chunkBits = 1 << 16
	// maxChunks bounds a set to 64 MiB: more than 500 million events on a topic.
	maxChunks = 8 << 10
)

// add errors when the set is full.
func (p positions) add(position int64) error {
	number, bit := position/chunkBits, position%chunkBits
	if p[number] == nil {
		if len(p) == maxChunks {
			return fmt.Errorf("topic holds more than %d events: too many to compare", maxChunks*chunkBits)
		}
		p[number] = &chunk{}
	}
	p[number][bit/64] |= 1 << (bit % 64)
	return nil
}

func (p positions) has(position int64) bool {
	number, bit := position/chunkBits, position%chunkBits
	return p[number] != nil && p[number][bit/64]&(1<<(bit%64)) != 0
}
