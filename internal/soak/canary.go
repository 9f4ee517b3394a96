package soak

import (
	"bufio"
	"io/fs"
	"os"
	"path"
	"strings"
)

// What no topic and no log may ever show: a name and an address, and the
// beginning of every payment token.
const (
	canaryName   = "Canary Nobody-Prints-Me"
	canaryStreet = "Canary Street 1"
	canaryCity   = "Canaryville"
	canaryToken  = "tok_"
)

// canaryIn finds what must not be told.
func canaryIn(text string) (canary string, found bool) {
	for _, canary := range []string{canaryName, canaryStreet, canaryCity, canaryToken} {
		if strings.Contains(text, canary) {
			return canary, true
		}
	}
	return "", false
}

// maxLogLine bounds a line of a log that is read.
const maxLogLine = 1 << 20

// readLogs keeps of each log the lines with a canary, and an empty text for one
// without: a log may be long, and the rest is for people.
func readLogs(folder *os.Root) (map[string]string, error) {
	files, err := fs.Glob(folder.FS(), path.Join(logsFolder, "*.log"))
	if err != nil {
		return nil, err
	}
	logs := map[string]string{}
	for _, file := range files {
		if logs[path.Base(file)], err = telling(folder, file); err != nil {
			return nil, err
		}
	}
	return logs, nil
}

func telling(folder *os.Root, file string) (string, error) {
	in, err := folder.Open(file)
	if err != nil {
		return "", err
	}
	defer in.Close() //nolint:errcheck // it was only read
	var told strings.Builder
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLogLine)
	for lines.Scan() {
		if _, sings := canaryIn(lines.Text()); sings {
			told.WriteString(lines.Text() + "\n")
		}
	}
	return told.String(), lines.Err()
}
