package embedded

import (
	"os"
	"testing"
)

func TestTheHolderOfAFolderIsTheProcessThatHasItOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if pid, err := Holder(dir); err == nil {
		t.Errorf("holder %d of a folder that nobody ever opened", pid)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if pid, err := Holder(dir); pid != os.Getpid() || err != nil {
		t.Errorf("holder %d, %v; want this process, %d", pid, err, os.Getpid())
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if pid, err := Holder(dir); err == nil {
		t.Errorf("holder %d of a folder that was given back", pid)
	}
}
