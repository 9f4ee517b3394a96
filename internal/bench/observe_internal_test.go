package bench

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestProcessTimesAreThoseOfTheProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("proc(5) is Linux'")
	}
	before, _, err := Usage(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		cpu, rss, err := Usage(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if cpu-before >= 50*time.Millisecond && rss > 1<<20 {
			return
		}
	}
	t.Error("ten seconds of work did not show as CPU time")
}

func TestTheSizeOfAFolderIsThatOfAllItsFiles(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"a": 10, "sub/b": 32} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := sizeOf(dir); got != 42 {
		t.Errorf("%d bytes, want 42", got)
	}
}
