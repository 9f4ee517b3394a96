package soak

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// diskSize is more than any soak writes; it takes memory only for what is written.
const diskSize = 8 << 30

// disk is a file system in memory that can be full from one moment to the next.
// It is not filled with a ballast: it becomes as small as what is on it, which
// costs no memory, and frees nothing until it may grow again.
type disk struct{ dir string }

// mountDisk puts a new one over the folder.
func mountDisk(dir string) (*disk, error) {
	if err := mount(dir, diskSize); err != nil {
		return nil, fmt.Errorf("mount a file system on %s: %w", dir, err)
	}
	return &disk{dir}, nil
}

// fillTries bounds how often a file system is measured and made that small:
// in between, somebody may have written.
const fillTries = 100

func (d *disk) fill() (err error) {
	for range fillTries {
		used, failed := usedBytes(d.dir)
		if failed != nil {
			return failed
		}
		if err = resize(d.dir, used); err == nil {
			return nil
		}
		time.Sleep(time.Millisecond) // nobody tells when it is not being written to
	}
	return fmt.Errorf("fill %s: %w", d.dir, err)
}

func (d *disk) free() error { return resize(d.dir, diskSize) }

// close removes it with all that is on it. A nil disk is none.
func (d *disk) close() error {
	if d == nil {
		return nil
	}
	return unmount(d.dir)
}

// cannotMount says why this process cannot mount; it is empty when it can.
func cannotMount() string {
	dir, err := os.MkdirTemp("", "skald-soak-mount-")
	if err == nil {
		var mounted *disk
		if mounted, err = mountDisk(dir); err == nil {
			err = mounted.close()
		}
		err = errors.Join(err, os.Remove(dir))
	}
	if err != nil {
		return "a small file system takes the right to mount one: " + err.Error()
	}
	return ""
}

// noSpace is what programs say of a full disk: the system's words, and SQLite's.
var noSpace = []string{"No space left on device", "no space left on device", "database or disk is full"}
