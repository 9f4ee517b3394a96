package embedded

import (
	"sync"
	"testing"
)

func TestNoFreePortIsChosenTwice(t *testing.T) {
	t.Parallel()
	const choices = 400
	chosen := make(chan int, choices)
	var choosers sync.WaitGroup
	for range 4 {
		choosers.Go(func() {
			for range choices / 4 {
				port, err := freePort("test")
				if err != nil {
					t.Error(err)
				}
				chosen <- port
			}
		})
	}
	choosers.Wait()
	close(chosen)
	seen := map[int]bool{}
	for port := range chosen {
		if seen[port] {
			t.Errorf("port %d was chosen twice", port)
		}
		seen[port] = true
	}
}
