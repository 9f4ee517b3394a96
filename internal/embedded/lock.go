package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrLocked is returned by Start for a data folder that another engine has open.
var ErrLocked = errors.New("the data folder is in use by another skald process")

// folderLock keeps a data folder for one engine. Neither SQLite under Temporal
// nor kfake notices a second process: both would write and lose data.
type folderLock struct{ file *os.File }

// lockFolder takes the lock without waiting. The kernel gives it back when the
// process dies, however it dies, so no stale lock is ever left behind.
func lockFolder(dir string) (*folderLock, error) {
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the folder is whoever runs skald's own choice
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s", ErrLocked, dir)
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if err := write(file, strconv.Itoa(os.Getpid())); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), file.Close())
	}
	return &folderLock{file: file}, nil
}

// write replaces what the lock's file holds: the process that has the folder,
// for people and for Holder. What counts is the lock.
func write(file *os.File, text string) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(text+"\n"), 0)
	return err
}

// Holder is the process that has the data folder open. It errors when none has.
func Holder(dir string) (pid int, err error) {
	file, err := os.Open(filepath.Join(dir, "lock")) //nolint:gosec // as in lockFolder
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // it was only read, and this gives back the lock below
	err = unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if err == nil {
		return 0, fmt.Errorf("%s is open in no process", dir)
	}
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return 0, err
	}
	text, err := io.ReadAll(io.LimitReader(file, 32))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

func (l *folderLock) Close() error { return l.file.Close() }
