package soak

import (
	"context"
	"errors"
	"fmt"
)

// EmbeddedCapabilities are what can be done to skald dev on this machine.
func EmbeddedCapabilities() []Capability {
	return []Capability{{Kind: FaultDisk, On: EmbeddedProcess, Missing: cannotMount()}}
}

// Harm is one of EmbeddedCapabilities.
func (e *embedded) Harm(fault Fault) (Harm, error) {
	if fault.Kind != FaultDisk {
		return nil, fmt.Errorf("skald dev cannot be done %s", fault.Kind)
	}
	if e.disk == nil {
		return nil, errors.New("skald dev has no file system of its own")
	}
	return &fullEmbedded{child: e.child, disk: e.disk}, nil
}

// fullEmbedded is a skald dev whose disk is full. It may refuse, and it may end:
// then its log must say why.
type fullEmbedded struct {
	child *child
	disk  *disk
	told  logCount
}

func (f *fullEmbedded) Inflict(context.Context) (err error) {
	if f.told, err = countLog(f.child.log, noSpace...); err != nil {
		return err
	}
	return f.disk.fill()
}

func (f *fullEmbedded) Lift(ctx context.Context) (int64, error) {
	hits, err := awaitHit(ctx, f.told.count)
	if err := errors.Join(err, f.disk.free()); err != nil {
		return hits, err
	}
	for {
		if f.child.reap() {
			if err := f.child.Start(ctx); err != nil {
				return hits, err
			}
		}
		if err := f.child.AwaitHealthy(ctx); err == nil || !sleep(ctx, pollEvery) {
			return hits, err
		}
	}
}
