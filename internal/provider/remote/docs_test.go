package remote_test

import (
	"os"
	"path/filepath"
	"testing"
)

// docs is where the contract is written down.
const docs = "../../../docs"

func readDocs(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(docs, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}
