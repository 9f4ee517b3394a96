//go:build !skald_chaos || !unix

package fault_test

import (
	"testing"

	"github.com/skald-saga/skald/internal/fault"
)

func TestAProgramThatWasNotBuiltForItRefusesToKillItself(t *testing.T) {
	t.Parallel()
	_, err := fault.Parse("charge_payment=1*kill->off")
	if text(err) != `rule "charge_payment=1*kill->off": fault.kill: this program cannot kill itself; build it with -tags skald_chaos` {
		t.Error(err)
	}
}
