package stack

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bare is a system with nothing installed but what is given.
func bare(commands map[string]string) system {
	return system{look: func(name string) (string, error) {
		if path, ok := commands[name]; ok {
			return path, nil
		}
		return "", fs.ErrNotExist
	}}
}

func newInstaller(t *testing.T, s system) installer {
	return installer{cache: t.TempDir(), system: s, logger: slog.New(slog.DiscardHandler)}
}

// script is a program that says something and ends with a code.
func script(t *testing.T, text string, code int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	must(t, os.WriteFile(path, fmt.Appendf(nil, "#!/bin/sh\ncat <<'END'\n%s\nEND\nexit %d\n", text, code), 0o700))
	return path
}

func TestEverythingThatIsMissingIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	_, err := newInstaller(t, bare(nil)).install(t.Context())
	want := `java is not installed; Kafka 4 runs on Java 17 or newer
initdb and postgres are not installed; install the Postgres server
mvn is not installed; it fetches Kafka's jars: install Apache Maven
go is not installed; it builds Temporal's server: install Go`
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnOldJavaIsRefused(t *testing.T) {
	t.Parallel()
	old := script(t, `openjdk version "11.0.27" 2025-04-15`, 0)
	_, err := bare(map[string]string{"java": old}).java(t.Context())
	if got, want := fmt.Sprint(err), old+" is Java 11; Kafka 4 runs on Java 17 or newer"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestJavasVersionIsReadFromItsBanner(t *testing.T) {
	t.Parallel()
	for banner, want := range map[string]int{
		`openjdk version "17.0.15" 2025-04-15`:                     17,
		`openjdk version "25" 2025-09-16`:                          25,
		"Picked up _JAVA_OPTIONS: -Xmx1g\njava version \"21.0.1\"": 21,
		`java version "1.8.0_452"`:                                 8,
	} {
		got, err := javaVersion(banner)
		if err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", banner, got, err, want)
		}
	}
	if got, err := javaVersion("command not found"); err == nil {
		t.Errorf("no banner is taken for version %d", got)
	}
}

func TestTheNewestPostgresWithAServerCounts(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for version, programs := range map[string][]string{"9": {"initdb", "postgres"}, "15": {"initdb", "postgres"}, "17": {"psql"}} {
		bin := filepath.Join(root, version, "bin")
		must(t, os.MkdirAll(bin, 0o700))
		for _, program := range programs {
			must(t, os.WriteFile(filepath.Join(bin, program), nil, 0o700))
		}
	}
	s := bare(nil)
	s.postgresBin = filepath.Join(root, "*", "bin")
	got, err := s.postgres()
	must(t, err)
	if want := filepath.Join(root, "15", "bin"); got != want {
		t.Errorf("without initdb in the path: %s, want %s", got, want)
	}
	link := filepath.Join(t.TempDir(), "initdb")
	must(t, os.Symlink(filepath.Join(root, "9", "bin", "initdb"), link))
	s.look = bare(map[string]string{"initdb": link}).look
	got, err = s.postgres()
	must(t, err)
	if want := filepath.Join(root, "9", "bin"); got != want {
		t.Errorf("with a link to initdb in the path: %s, want %s", got, want)
	}
}

func TestAPartIsMadeOnceAndAppearsOnlyWhenItIsWhole(t *testing.T) {
	t.Parallel()
	i := newInstaller(t, bare(map[string]string{"maker": "/bin/maker"}))
	broken := errors.New("connection lost")
	made := 0
	p := part{what: "a part", dir: filepath.Join(i.cache, "part"), maker: "maker"}
	p.make = func(_ context.Context, maker, dir string) error {
		if made++; made == 1 {
			return broken
		}
		return os.WriteFile(filepath.Join(dir, "program"), []byte(maker), 0o600)
	}
	if err := i.make(t.Context(), p); !errors.Is(err, broken) {
		t.Errorf("first attempt: %v, want %v", err, broken)
	}
	if left, err := os.ReadDir(i.cache); err != nil || len(left) != 0 {
		t.Errorf("the first attempt left %v (%v)", left, err)
	}
	must(t, i.make(t.Context(), p))
	must(t, i.make(t.Context(), p))
	if text, err := os.ReadFile(filepath.Join(p.dir, "program")); err != nil || string(text) != "/bin/maker" || made != 2 {
		t.Errorf("after %d attempts, want 2: %q (%v)", made, text, err)
	}
}

func TestABuildThatFailsQuotesWhatItSaid(t *testing.T) {
	t.Parallel()
	err := build(t.Context(), t.TempDir(), nil, script(t, strings.Repeat("downloading\n", 500)+"no space left on device", 3))
	got := fmt.Sprint(err)
	if !strings.HasPrefix(got, "program: exit status 3\n") || !strings.HasSuffix(got, "downloading\nno space left on device") || len(got) > lastWordsBytes+100 {
		t.Errorf("got %d bytes: %s", len(got), got)
	}
}

func TestASecondInstallationWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	unlock, err := lockCache(t.Context(), cache)
	must(t, err)
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lockCache(given, cache); !errors.Is(err, context.Canceled) {
		t.Errorf("while the first one runs: %v, want to wait for it", err)
	}
	unlock()
	again, err := lockCache(t.Context(), cache)
	must(t, err)
	again()
}

func TestThePomPinsEveryVersion(t *testing.T) {
	t.Parallel()
	var project struct {
		Dependencies []struct {
			ArtifactID string `xml:"artifactId"`
			Version    string `xml:"version"`
		} `xml:"dependencies>dependency"`
		Plugins []struct {
			Version string `xml:"version"`
		} `xml:"build>plugins>plugin"`
	}
	must(t, xml.Unmarshal(pom, &project))
	exact := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	for _, d := range project.Dependencies {
		if !exact.MatchString(d.Version) {
			t.Errorf("%s is %q, want one version", d.ArtifactID, d.Version)
		}
	}
	if len(project.Dependencies) != 2 || !strings.HasPrefix(project.Dependencies[0].Version, "4.") {
		t.Errorf("dependencies are %+v, want Kafka 4 and its log", project.Dependencies)
	}
	if len(project.Plugins) != 1 || !exact.MatchString(project.Plugins[0].Version) {
		t.Errorf("plugins are %+v, want one with one version", project.Plugins)
	}
}

// What was seen in the embedded server is to be true here.
func TestTheTemporalServerIsOfTheVersionThatIsEmbedded(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../go.mod")
	must(t, err)
	if want := "go.temporal.io/server " + temporalVersion + "\n"; !strings.Contains(string(text), want) {
		t.Errorf("go.mod has no line with %q", want)
	}
}
