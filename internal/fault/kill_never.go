//go:build !skald_chaos || !unix

package fault

import "errors"

// killable says whether this program can kill itself: not this one. What could
// is not compiled into it.
const killable = false

func kill(Signal) error { return errors.New("this program cannot kill itself") }
