package skald_test

import (
	"strings"
	"testing"

	"github.com/skald-saga/skald"
)

func TestOnlyATraceParentOfTheStandardIsKept(t *testing.T) {
	t.Parallel()
	const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for name, c := range map[string]struct{ header, want string }{
		"as the standard has it":      {good, good},
		"of a later version":          {"01" + good[2:], "01" + good[2:]},
		"none":                        {"", ""},
		"of the forbidden version":    {"ff" + good[2:], ""},
		"in capitals":                 {strings.ToUpper(good), ""},
		"with more behind it":         {good + "-00", ""},
		"with a line behind it":       {good + "\n", ""},
		"with a trace of zeroes":      {"00-" + strings.Repeat("0", 32) + good[35:], ""},
		"with a span of zeroes":       {good[:36] + strings.Repeat("0", 16) + good[52:], ""},
		"with bytes that are no text": {"00-\xff\x00", ""},
		"as long as a message":        {strings.Repeat("0", 1<<20), ""},
	} {
		if got := skald.TraceParent(c.header); got != c.want {
			t.Errorf("%s: kept %q, want %q", name, got, c.want)
		}
	}
}
