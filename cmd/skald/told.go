package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/picture"
)

// told is a story that was played.
type told struct {
	order  client.Order
	events []skald.Event
}

// draw makes the picture of the saga that was undone the furthest.
func draw(path string, all []told) error {
	svg, err := picture.Draw(longest(all).events)
	if err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // G301: a folder of pictures is for everyone
		return err
	}
	return os.WriteFile(path, svg, 0o644) //nolint:gosec // G306: and so is a picture
}

func longest(all []told) told {
	best := all[0]
	for _, one := range all[1:] {
		if len(one.events) > len(best.events) {
			best = one
		}
	}
	return best
}
