package main

import (
	"runtime"
	"runtime/debug"
	"slices"
)

type versionCommand struct{ outputFlag }

// Example is for a bug report.
func (versionCommand) Example() string { return "skald version" }

// parts are the modules whose version decides how skald behaves.
var parts = []string{
	"go.temporal.io/server",
	"go.temporal.io/sdk",
	"github.com/temporalio/ui-server/v2",
	"github.com/twmb/franz-go",
	"github.com/twmb/franz-go/pkg/kfake",
	"modernc.org/sqlite",
}

type versions struct {
	Version  string            `json:"version"`
	Revision string            `json:"revision,omitempty"`
	Go       string            `json:"go"`
	Parts    map[string]string `json:"parts"`
}

// Run prints what this program was built from.
func (v *versionCommand) Run(con *console) error {
	built := readVersions()
	if v.json() {
		return con.document(built)
	}
	rows := []string{"skald\t" + built.Version, "go\t" + built.Go}
	if built.Revision != "" {
		rows = append(rows, "revision\t"+built.Revision)
	}
	for _, part := range parts {
		rows = append(rows, part+"\t"+built.Parts[part])
	}
	return con.table(rows...)
}

// version is skald's own.
func version() string { return readVersions().Version }

func readVersions() versions {
	built := versions{Version: "unknown", Go: runtime.Version(), Parts: map[string]string{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return built
	}
	built.Version = info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			built.Revision = setting.Value
		}
	}
	for _, module := range info.Deps {
		if slices.Contains(parts, module.Path) {
			built.Parts[module.Path] = module.Version
		}
	}
	return built
}
