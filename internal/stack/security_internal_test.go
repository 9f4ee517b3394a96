package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPasswordsStayAndCertificatesAreNew(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	first, err := openSecurity(f, "skald")
	must(t, err)
	certificate, err := os.ReadFile(first.Skald.Certificate)
	must(t, err)
	second, err := openSecurity(f, "skald")
	must(t, err)
	if first.kafkaPassword != second.kafkaPassword || first.postgresPassword != second.postgresPassword {
		t.Error("a password changed: users are in the servers' data with the first one")
	}
	if first.kafkaPassword == first.postgresPassword || len(first.kafkaPassword) < 20 {
		t.Errorf("passwords %q and %q, want two long ones", first.kafkaPassword, first.postgresPassword)
	}
	again, err := os.ReadFile(second.Skald.Certificate)
	must(t, err)
	if string(again) == string(certificate) {
		t.Error("the certificate is the old one, which ends some day")
	}
	_, err = second.Authority.TLS(first.Skald)
	must(t, err)
}

// Whoever can enter the folder, as Postgres' user must, reads no secret there.
func TestOnlyTheirOwnerCanReadSecrets(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	_, err := openSecurity(f, "skald")
	must(t, err)
	files, err := os.ReadDir(f.join(securityFolder))
	must(t, err)
	open := map[string]bool{}
	for _, file := range files {
		info, err := file.Info()
		must(t, err)
		if info.Mode().Perm()&0o077 == 0 {
			continue
		}
		open[file.Name()] = true
		text, err := os.ReadFile(filepath.Join(f.join(securityFolder), file.Name()))
		must(t, err)
		if strings.Contains(string(text), "PRIVATE KEY") {
			t.Errorf("everybody can read the key in %s", file.Name())
		}
	}
	want := map[string]bool{"ca.pem": true, "keys.json": true, "kafka.pem": true, "postgres.pem": true, "skald.pem": true, "stack.pem": true, "temporal.pem": true}
	if diff := cmp.Diff(want, open); diff != "" {
		t.Errorf("everybody can read other files than certificates (-want +got):\n%s", diff)
	}
}

func TestAFolderStaysAsSecureAsItWasMade(t *testing.T) {
	t.Parallel()
	for _, made := range []bool{false, true} {
		f, held := newFolder(t), newHolder()
		defer held.close()
		must(t, f.mustBe(made))
		_, _, err := f.prepare(Options{Secure: made}, held)
		must(t, err)
		must(t, f.mustBe(made))
		err = f.mustBe(!made)
		want := map[bool]string{
			true:  "the stack in " + f.path + " is secured: start it so, or choose another folder",
			false: "the stack in " + f.path + " was made without security: start it so, or choose another folder",
		}[made]
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
