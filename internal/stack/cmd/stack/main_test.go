package main

import (
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestArgumentsAreQuotedForAShell(t *testing.T) {
	t.Parallel()
	got := quoted([]string{"serve", "--database", "postgres://127.0.0.1/skald?sslmode=disable", "it's"})
	if want := `serve --database 'postgres://127.0.0.1/skald?sslmode=disable' 'it'\''s'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestACommandLineThatIsNotUnderstoodStartsNothing(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"down"}, {"up", "--kafka", "many"}, {"up", "--color"}, {"up", "--secure=perhaps"}, {"install", "now"}} {
		var out strings.Builder
		if err := run(t.Context(), args, &out); !errors.Is(err, flag.ErrHelp) || out.Len() > 0 {
			t.Errorf("%q: %v, and said %q", args, err, out.String())
		}
	}
}
