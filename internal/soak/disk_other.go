//go:build !linux

package soak

import "errors"

var errNotLinux = errors.New("only Linux' tmpfs is known here")

func mount(string, int64) error       { return errNotLinux }
func resize(string, int64) error      { return errNotLinux }
func unmount(string) error            { return errNotLinux }
func usedBytes(string) (int64, error) { return 0, errNotLinux }
