package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"

	"go.temporal.io/server/common/config"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	mainFile       = "temporal.db"
	visibilityFile = "temporal-visibility.db"
)

// file is one SQLite file of the Temporal server and the pragmas its
// connections need. The server opens one connection for each file, and every
// write of the process waits for it: histories and the lists of the UI are two
// files so that a list never holds up a saga.
type file struct {
	path    string
	pragmas map[string]string
}

// newMainFile holds histories, tasks and namespaces.
func newMainFile(dir string, durability Durability) file {
	synchronous := "normal"
	if durability == SurvivePowerLoss {
		synchronous = "full"
	}
	return newFile(filepath.Join(dir, mainFile), synchronous, "-16384")
}

// newVisibilityFile holds what lists and counts answer from. It is never
// synchronous=full: after a power loss a list may lag behind, histories do not.
// Nor is it off, which is faster but can leave a file that does not open.
func newVisibilityFile(dir string) file {
	return newFile(filepath.Join(dir, visibilityFile), "normal", "-8192")
}

func newFile(path, synchronous, cacheKiB string) file {
	return file{path: path, pragmas: map[string]string{
		// The server turns every unknown attribute into PRAGMA name=value, and
		// SQLite ignores an unknown pragma: a typing error here is silent.
		"journal_mode":       "wal",
		"synchronous":        synchronous,
		"busy_timeout":       "10000",
		"cache_size":         cacheKiB,
		"wal_autocheckpoint": "4000",
		"temp_store":         "memory",
	}}
}

// config is the file as the server opens it, by one of its SQL plugins.
func (f file) config(plugin string) *config.SQL {
	attributes := maps.Clone(f.pragmas)
	attributes["mode"] = "rwc"
	return &config.SQL{
		PluginName:        plugin,
		DatabaseName:      f.uriPath(),
		ConnectAttributes: attributes,
	}
}

// uriPath protects the characters that mean something in a SQLite URI.
func (f file) uriPath() string { return (&url.URL{Path: f.path}).EscapedPath() }

// open makes a connection beside the server's. Times are stored as the server
// stores them.
func (f file) open() (*sql.DB, error) {
	query := url.Values{"mode": {"rwc"}, "_txlock": {"immediate"}, "_time_format": {"sqlite"}}
	for _, name := range slices.Sorted(maps.Keys(f.pragmas)) {
		query.Add("_pragma", name+"="+f.pragmas[name])
	}
	db, err := sql.Open("sqlite", "file:"+f.uriPath()+"?"+query.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// checkpoint moves the write-ahead log into the file. A stopped server leaves
// that to us: it never closes its connections.
func (f file) checkpoint(ctx context.Context) error {
	db, err := f.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()

	var busy, pages, moved int
	row := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := row.Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("checkpoint %s: %w", f.path, err)
	}
	if busy != 0 {
		return fmt.Errorf("checkpoint %s: still in use, %d of %d pages moved", f.path, moved, pages)
	}
	return nil
}
