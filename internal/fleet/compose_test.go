package fleet_test

import (
	"strings"
	"testing"

	"github.com/skald-saga/skald/internal/fleet"
)

func TestWhatWouldHaveToBeGuessedIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ right, wrong, complaint string }{
		{"${WORD:-fall}", "${WORD:?needed}", "a $ begins neither $$ nor ${NAME} nor ${NAME:-default}"},
		{"[CMD, /skald, health]", "[CMD, /bin/sh, health]", "there is no other program in the image"},
		{"start_period: 10s, ", "", "start_period and start_interval must be given"},
		{"stop_grace_period: 20s", "stop_grace_period: soon", "stop_grace_period"},
		{"image: skald:dev", "image: other:dev", "there is no service with the image skald"},
		{"command: [serve]", "command: serve", "cannot unmarshal"},
	} {
		if !strings.Contains(one("serve"), test.right) {
			t.Fatalf("the file has no %q", test.right)
		}
		_, err := fleet.Read(describe(t, strings.Replace(one("serve"), test.right, test.wrong, 1)), nil)
		wantError(t, err, test.complaint)
	}
}

func TestEveryAddressOfAnotherServiceMustBeKnown(t *testing.T) {
	t.Parallel()
	_, err := start(t, fleet.Options{ComposeFile: describe(t, one("serve"))})
	wantError(t, err, "fleet: SKALD_KAFKA of it holds kafka:19092, and Addresses does not say where that is")
	_, err = start(t, fleet.Options{ComposeFile: describe(t, one("serve")), Addresses: placed, Replicas: map[string]int{"kafka": 2}})
	wantError(t, err, "fleet: Replicas names kafka, which is no service of skald's that stays up")
}

func TestServicesThatWaitForEachOtherAreRefused(t *testing.T) {
	t.Parallel()
	file := strings.Replace(one("serve"), "depends_on: {kafka:", "depends_on: {it:", 1)
	_, err := start(t, fleet.Options{ComposeFile: describe(t, file), Addresses: placed})
	wantError(t, err, "services wait for each other in a circle")
}

func TestOptionsNameEveryFieldThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	_, err := fleet.Start(t.Context(), fleet.Options{
		Binary: "skald", Addresses: map[string]string{"kafka": "127.0.0.1:1"}, Replicas: map[string]int{"it": -1},
	})
	for _, want := range []string{
		"fleet: ComposeFile is missing",
		`fleet: Binary is "skald", must be an absolute path`,
		`fleet: Dir is "", must be an absolute path`,
		`fleet: Addresses has "kafka", must be name:port`,
		"fleet: Replicas of it are -1, must be 0 to 100",
	} {
		wantError(t, err, want)
	}
}
