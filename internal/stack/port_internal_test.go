package stack

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func allPorts(p ports) []int {
	return append([]int{p.Kafka, p.Controller, p.KafkaTLS, p.Postgres}, p.Temporal.all()...)
}

// newFolder is a folder of its own that nobody else uses.
func newFolder(t *testing.T) *folder {
	t.Helper()
	f, err := openFolder(t.TempDir())
	must(t, err)
	t.Cleanup(func() { _ = f.close() })
	return f
}

func TestChosenPortsAreHeldUntilTheyAreReleased(t *testing.T) {
	t.Parallel()
	held := newHolder()
	defer held.close()
	used, err := newFolder(t).choosePorts(held, Ports{}, 1)
	must(t, err)
	all := slices.Sorted(slices.Values(allPorts(used)))
	if len(slices.Compact(slices.Clone(all))) != 14 || all[0] < firstFreePort || all[13] > lastFreePort {
		t.Errorf("ports %v, want 14 different ones from %d to %d", all, firstFreePort, lastFreePort)
	}
	for _, port := range all {
		if err := newHolder().take(port); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("port %d is not held: %v", port, err)
		}
		held.release(port)
		held.release(port)
		other := newHolder()
		must(t, other.takePatiently(port))
		other.close()
	}
}

func TestAFolderKeepsItsPortsUnlessOneIsTaken(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	choose := func() ports {
		held := newHolder()
		defer held.close()
		used, err := f.choosePorts(held, Ports{}, 1)
		must(t, err)
		return used
	}
	first := choose()
	if diff := cmp.Diff(first, choose()); diff != "" {
		t.Errorf("the second time (-first +second):\n%s", diff)
	}
	squatter := newHolder()
	must(t, squatter.takePatiently(first.Controller))
	defer squatter.close()
	third := choose()
	if third.Controller == first.Controller {
		t.Errorf("port %d is taken and was chosen again", third.Controller)
	}
	third.Controller = first.Controller
	if diff := cmp.Diff(first, third); diff != "" {
		t.Errorf("with one port taken others change, too (-first +third):\n%s", diff)
	}
}

func TestEveryWantedPortThatIsTakenIsNamedWithItsServer(t *testing.T) {
	t.Parallel()
	squatter, held := newHolder(), newHolder()
	defer squatter.close()
	defer held.close()
	taken := squatter.free("somebody else")
	_, err := newFolder(t).choosePorts(held, Ports{Kafka: taken, Postgres: taken}, 1)
	want := fmt.Sprintf("port %d for Kafka is in use by another program\nport %d for Postgres is in use by another program", taken, taken)
	if got := fmt.Sprint(err); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
