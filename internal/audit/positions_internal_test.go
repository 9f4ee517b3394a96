package audit

import (
	"math/rand/v2"
	"testing"
)

func TestPositionsAreASet(t *testing.T) {
	t.Parallel()
	seen, want := positions{}, map[int64]bool{}
	for range 2000 {
		position := rand.Int64N(3 * chunkBits)
		if err := seen.add(position); err != nil {
			t.Fatal(err)
		}
		want[position] = true
	}
	for position := range int64(3 * chunkBits) {
		if seen.has(position) != want[position] {
			t.Fatalf("position %d: in the set is %t", position, seen.has(position))
		}
	}
}

func TestASetOfPositionsIsBounded(t *testing.T) {
	t.Parallel()
	full, shared := positions{}, &chunk{}
	for number := range int64(maxChunks) {
		full[number] = shared
	}
	if err := full.add(1); err != nil {
		t.Errorf("a position within a full set: %v", err)
	}
	if err := full.add(maxChunks * chunkBits); err == nil {
		t.Error("a full set took another chunk")
	}
}
