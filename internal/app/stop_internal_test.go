package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheTimeToStopIsThatOfTheRoles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		roles []Role
		want  time.Duration
	}{
		{[]Role{RoleGateway}, 20 * time.Second},
		{[]Role{RoleWorker}, 55 * time.Second},
		{[]Role{RoleRelay}, 25 * time.Second},
		{nil, 66 * time.Second}, // all of them
	} {
		if got := (Config{Roles: test.roles, DrainDelay: 3 * time.Second}).StopLimit(); got != test.want {
			t.Errorf("%v may take %s to stop, want %s", test.roles, got, test.want)
		}
	}
}

func TestAPartThatNeverEndsDoesNotKeepTheProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &App{config: Config{Roles: []Role{RoleRelay}}.withDefaults(), failed: make(chan error, 1)}
		released := make(chan struct{})
		a.run("relay", func(context.Context) error { <-released; return nil })
		began := time.Now()
		err := a.Close()
		if took, want := time.Since(began), a.config.StopLimit(); took != want {
			t.Errorf("Close took %s, want %s", took, want)
		}
		if want := "relay has not stopped, 25s after the stop began; what it had under way is repeated at the next start, or by another process"; err == nil || err.Error() != want {
			t.Errorf("Close says %v, want %s", err, want)
		}
		close(released)
	})
}
