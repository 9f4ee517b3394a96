package soak

import (
	"strconv"
	"syscall"
)

func mount(dir string, size int64) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=711,size="+strconv.FormatInt(size, 10))
}

// resize errors when more than that is on it.
func resize(dir string, size int64) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size="+strconv.FormatInt(size, 10))
}

// unmount detaches it: a program that still ends keeps nobody from going on.
func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }

func usedBytes(dir string) (int64, error) {
	var now syscall.Statfs_t
	if err := syscall.Statfs(dir, &now); err != nil {
		return 0, err
	}
	return int64(now.Blocks-now.Bfree) * now.Bsize, nil //nolint:gosec // G115: less than diskSize
}
