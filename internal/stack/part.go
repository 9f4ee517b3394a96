package stack

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// temporalVersion is that of the embedded server, so that what was seen there
// is true here.
const temporalVersion = "v1.32.1"

//go:embed kafka/pom.xml
var pom []byte

// part is a folder of the cache. Its name changes with what belongs into it, and
// it is renamed into place when it is complete: a part that is there is whole.
type part struct {
	what  string
	dir   string
	maker string // the command that makes it
	why   string
	make  func(ctx context.Context, maker, dir string) error
}

func (i installer) kafka() part {
	return part{
		what: "Kafka's jars", maker: "mvn", why: "it fetches Kafka's jars: install Apache Maven",
		dir:  filepath.Join(i.cache, fmt.Sprintf("kafka-%x", sha256.Sum256(pom))[:len("kafka-")+12]),
		make: i.fetchJars,
	}
}

func (i installer) temporal() part {
	return part{
		what: "Temporal's server", maker: "go", why: "it builds Temporal's server: install Go",
		dir:  filepath.Join(i.cache, "temporal-"+temporalVersion),
		make: i.buildTemporal,
	}
}

// canMake errors when the part is missing and cannot be made.
func (i installer) canMake(p part) error {
	if _, err := os.Stat(p.dir); err == nil {
		return nil
	}
	if _, err := i.system.look(p.maker); err != nil {
		return fmt.Errorf("%s is not installed; %s", p.maker, p.why)
	}
	return nil
}

// make makes the part when it is missing.
func (i installer) make(ctx context.Context, p part) error {
	if _, err := os.Stat(p.dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	maker, err := i.system.look(p.maker)
	if err != nil {
		return err
	}
	draft, err := os.MkdirTemp(i.cache, "draft-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(draft) //nolint:errcheck // a draft left behind is in nobody's way
	began := time.Now()
	i.logger.InfoContext(ctx, "installing, which can take minutes", "what", p.what, "folder", p.dir)
	if err := p.make(ctx, maker, draft); err != nil {
		return fmt.Errorf("install %s: %w", p.what, err)
	}
	if err := os.Chmod(draft, 0o755); err != nil { //nolint:gosec // programs that anyone may run
		return err
	}
	i.logger.InfoContext(ctx, "installed", "what", p.what, "after", time.Since(began).Round(time.Second))
	return os.Rename(draft, p.dir)
}

// fetchJars needs a folder for its project; it is not part of the result.
func (i installer) fetchJars(ctx context.Context, maven, dir string) error {
	project, err := os.MkdirTemp(i.cache, "project-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(project) //nolint:errcheck // a project left behind is in nobody's way
	file := filepath.Join(project, "pom.xml")
	if err := os.WriteFile(file, pom, 0o600); err != nil {
		return err
	}
	return build(ctx, project, nil, maven, "--batch-mode", "--quiet", "--file", file,
		"dependency:copy-dependencies", "-DoutputDirectory="+dir)
}

// buildTemporal runs outside of any module, so that no go.mod has a say in the
// versions, and none is changed.
func (i installer) buildTemporal(ctx context.Context, goCommand, dir string) error {
	return build(ctx, dir, []string{"GOBIN=" + dir, "GOWORK=off"}, goCommand, "install",
		"go.temporal.io/server/cmd/server@"+temporalVersion, "go.temporal.io/server/cmd/tools/sql@"+temporalVersion)
}
