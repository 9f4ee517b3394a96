package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

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
	return &folderLock{file: file}, nil
}

func (l *folderLock) Close() error { return l.file.Close() }
