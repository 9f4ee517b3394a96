package client

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// MaxFrameBytes bounds one line of a stream. An event of skald's has at most
// 256 KiB of data.
const MaxFrameBytes = 2 << 20

// frame is one server-sent event.
type frame struct {
	id   string // empty when the event has none of its own
	name string
	data string
}

// frames reads server-sent events (WHATWG HTML, section 9.2) from a body.
type frames struct {
	lines *bufio.Scanner
	heard func() // is called for every line, comments included
}

func readFrames(body io.Reader, heard func()) *frames {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 4<<10), MaxFrameBytes)
	return &frames{lines: lines, heard: heard}
}

// next is the next event with data. Its error is io.EOF when the body ended as
// it should; a frame that it had begun counts for nothing then.
func (f *frames) next() (frame, error) {
	var next frame
	var data []string
	for f.lines.Scan() {
		f.heard()
		line := f.lines.Text()
		if line == "" && data != nil {
			next.data = strings.Join(data, "\n")
			return next, nil
		}
		name, value, _ := strings.Cut(line, ":") // a comment has no name
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			next.id = value
		case "event":
			next.name = value
		case "data":
			data = append(data, value)
		}
	}
	if err := f.lines.Err(); err != nil {
		return frame{}, fmt.Errorf("read stream: %w", err)
	}
	return frame{}, io.EOF
}
