package soak

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestADiskIsFullUntilItIsFreed(t *testing.T) {
	if why := cannotMount(); why != "" {
		t.Skip(why)
	}
	dir := t.TempDir()
	mounted, err := mountDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := mounted.close(); err != nil {
			t.Error(err)
		}
	})
	file, text := filepath.Join(dir, "file"), make([]byte, 1<<20)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := mounted.fill(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+"-2", text, 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("writing to a full disk: %v, want %v", err, syscall.ENOSPC)
	}
	if err := mounted.free(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+"-2", text, 0o600); err != nil {
		t.Errorf("writing to a disk with room again: %v", err)
	}
	if kept, err := os.ReadFile(file); err != nil || len(kept) != len(text) {
		t.Errorf("what was there has %d bytes, %v", len(kept), err)
	}
}
