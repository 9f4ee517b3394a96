package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrInUse is returned by Start for a folder in which servers still run.
var ErrInUse = errors.New("a stack runs in this folder, or one that was killed left servers behind (their IDs are in its .pid files)")

// TempDir makes a new folder for Options.Dir in the system's folder for
// temporary files. Unlike most new folders it can be entered by every user:
// root's Postgres runs as another one.
func TempDir() (string, error) {
	dir, err := os.MkdirTemp("", "skald-stack-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711) //nolint:gosec // entering is what it is for; what is inside has its own modes
}

// folder is where one stack keeps everything.
type folder struct {
	path string
	lock *os.File
}

// openFolder makes the folder when it is missing and locks it. Every server
// inherits the lock, so it holds until the last of them has ended, even when
// the program that started them was killed.
func openFolder(path string) (*folder, error) {
	if err := os.MkdirAll(path, 0o711); err != nil { //nolint:gosec // see TempDir
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the folder is the caller's choice
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrInUse
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), lock.Close())
	}
	return &folder{path: path, lock: lock}, nil
}

func (f *folder) join(names ...string) string {
	return filepath.Join(append([]string{f.path}, names...)...)
}

// securityFolder is there when, and only when, the folder's stack is secured.
const securityFolder = "security"

// mustBe refuses to use a folder's data with other security than it was made
// with: the users and their rights are part of the data.
func (f *folder) mustBe(secure bool) error {
	_, err := os.Stat(f.join("ports.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a new one
	}
	_, err = os.Stat(f.join(securityFolder))
	switch was := err == nil; {
	case was && !secure:
		return fmt.Errorf("the stack in %s is secured: start it so, or choose another folder", f.path)
	case !was && secure:
		return fmt.Errorf("the stack in %s was made without security: start it so, or choose another folder", f.path)
	}
	return nil
}

func (f *folder) close() error { return f.lock.Close() }
