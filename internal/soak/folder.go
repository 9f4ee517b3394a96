package soak

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Load reads a bundle from its folder. It errors when a file is missing or
// cannot be understood: half a bundle proves nothing.
func Load(dir string) (b Bundle, err error) {
	folder, err := os.OpenRoot(dir)
	if err != nil {
		return Bundle{}, fmt.Errorf("%s is no whole bundle: %w", dir, err)
	}
	defer folder.Close() //nolint:errcheck // it was only read
	err = errors.Join(
		readJSON(folder, planFile, &b.Plan), readJSON(folder, runFile, &b.Run), readJSON(folder, auditFile, &b.Audit),
		readLines(folder, historyFile, &b.History), readLines(folder, firedFile, &b.Fired), readLines(folder, recordsFile, &b.Records),
		readLines(folder, ordersFile, &b.Orders), readLines(folder, stockFile, &b.Stock),
	)
	if err != nil {
		return Bundle{}, fmt.Errorf("%s is no whole bundle: %w", dir, err)
	}
	b.Logs, err = readLogs(folder)
	return b, err
}

func readJSON(folder *os.Root, name string, value any) error {
	text, err := folder.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func readLines[T any](folder *os.Root, name string, values *[]T) error {
	in, err := folder.Open(name)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	lines := json.NewDecoder(bufio.NewReader(in))
	for lines.More() {
		var value T
		if err := lines.Decode(&value); err != nil {
			return fmt.Errorf("%s, value %d: %w", name, len(*values)+1, err)
		}
		*values = append(*values, value)
	}
	return nil
}

// save writes what was collected. The plan and the history were written while
// they came about.
func (b Bundle) save(dir string) error {
	return errors.Join(
		writeJSON(filepath.Join(dir, runFile), b.Run), writeJSON(filepath.Join(dir, auditFile), b.Audit),
		writeLines(filepath.Join(dir, firedFile), b.Fired), writeLines(filepath.Join(dir, recordsFile), b.Records),
		writeLines(filepath.Join(dir, ordersFile), b.Orders), writeLines(filepath.Join(dir, stockFile), b.Stock),
	)
}

func writeJSON(file string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}

func writeLines[T any](file string, values []T) error {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // G304: in the folder that the user named
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(out)
	lines := json.NewEncoder(buffered)
	for _, value := range values {
		if err := lines.Encode(value); err != nil {
			return errors.Join(err, out.Close())
		}
	}
	return errors.Join(buffered.Flush(), out.Close())
}
