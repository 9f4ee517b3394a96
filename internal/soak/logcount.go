package soak

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// logCount counts what a log says from some moment on.
type logCount struct {
	log   string
	from  int64
	words []string
}

// countLog begins to count, at the end of what the log says now.
func countLog(log string, words ...string) (logCount, error) {
	info, err := os.Stat(log)
	if err != nil {
		return logCount{}, err
	}
	return logCount{log, info.Size(), words}, nil
}

func (c logCount) count() (hits int64, err error) {
	in, err := os.Open(c.log)
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(io.NewSectionReader(in, c.from, 1<<40))
	for _, word := range c.words {
		hits += int64(bytes.Count(text, []byte(word)))
	}
	return hits, errors.Join(err, in.Close())
}
