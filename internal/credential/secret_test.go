package credential_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skald-saga/skald/internal/credential"
)

const canary = "canary-3f9c"

func TestASecretIsNeverShownHoweverItIsPrinted(t *testing.T) {
	t.Parallel()
	type holder struct {
		Shown  credential.Secret
		hidden credential.Secret
	}
	secret := credential.NewSecret(canary)
	held := holder{Shown: secret, hidden: secret}
	values := []any{
		secret, &secret, held, &held,
		[]credential.Secret{secret},
		map[string]credential.Secret{"k": secret},
		[]holder{held},
		map[string]*holder{"k": &held},
		struct{ Any any }{held},
		fmt.Errorf("wrapped: %v", secret),
	}
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t", "%w"} {
			if shown := fmt.Sprintf(verb, value); leaks(shown) {
				t.Errorf("Sprintf(%q, %T) shows %s", verb, value, shown)
			}
		}
		if shown, err := json.Marshal(value); err != nil || leaks(string(shown)) {
			t.Errorf("JSON of %T is %s, %v", value, shown, err)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("text", "value", value, slog.Any("group", value))
		slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "value", value)
		if leaks(log.String()) {
			t.Errorf("slog of %T shows %s", value, &log)
		}
	}
	if got := fmt.Sprintf("%v|%s|%d|%#v", secret, secret, secret, secret); got != "[redacted]|[redacted]|[redacted]|[redacted]" {
		t.Errorf("it prints as %s", got)
	}
}

// leaks also finds the secret where a verb spelled it in hexadecimal.
func leaks(text string) bool {
	return strings.Contains(text, canary) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", canary))
}

func TestNoSecretPrintsNothingAndRevealsNothing(t *testing.T) {
	t.Parallel()
	for _, none := range []credential.Secret{{}, credential.NewSecret(""), credential.SecretFile("")} {
		if got := fmt.Sprintf("%v", none); got != "" || !none.IsZero() {
			t.Errorf("it prints as %q, IsZero %v", got, none.IsZero())
		}
		if text, err := none.Reveal(); text != "" || err != nil {
			t.Errorf("it reveals %q, %v", text, err)
		}
	}
}

func TestASecretsFileIsReadEachTimeAndItsLastLineBreakCut(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	secret := credential.SecretFile(file)
	for content, want := range map[string]string{"first": "first", "second\n": "second", "third\r\n": "third", " fourth ": " fourth "} {
		write(t, file, content)
		if got, err := secret.Reveal(); got != want || err != nil {
			t.Errorf("of %q it reveals %q, %v", content, got, err)
		}
	}
	if secret.IsZero() || secret.File() != file {
		t.Errorf("IsZero %v, File %s", secret.IsZero(), secret.File())
	}
}

func TestAFileThatIsNoSecretIsNamedAndNotShown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for content, want := range map[string]string{
		"":                             "is empty",
		"\n":                           "is empty",
		canary + "\nand a second line": "has several lines",
		canary + "\x00":                "has several lines, or a zero byte",
		strings.Repeat(canary, credential.MaxSecretBytes): "is larger than 65536 bytes",
	} {
		file := filepath.Join(dir, "secret")
		write(t, file, content)
		text, err := credential.SecretFile(file).Reveal()
		if err == nil || text != "" || !strings.Contains(err.Error(), file+" "+want) || leaks(err.Error()) {
			t.Errorf("of %.20q: %q, %v", content, text, err)
		}
	}
	missing := filepath.Join(dir, "missing")
	if _, err := credential.SecretFile(missing).Reveal(); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("of a missing file: %v", err)
	}
}

func TestASecretIsStruckFromWhatOthersWrote(t *testing.T) {
	t.Parallel()
	if got := credential.NewSecret(canary).Strike("invalid secret " + canary + "!"); got != "invalid secret [redacted]!" {
		t.Errorf("got %q", got)
	}
	if got := (credential.Secret{}).Strike("untouched"); got != "untouched" {
		t.Errorf("got %q", got)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
