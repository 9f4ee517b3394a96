package deadletter

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// unsettled is what the topic holds behind the group's offsets. An offset that
// cannot be right (the topic was made anew) is not followed. Whoever sets the
// group's offsets back by hand causes more reading and nothing else; whoever
// sets them forward hides letters from replays by filter, but not from List or
// from a replay by ID.
func (d *Desk) unsettled(ctx context.Context) (spans, error) {
	all, err := d.kept(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := d.patient(ctx)
	defer cancel()
	committed, err := d.admin.FetchOffsetsForTopics(ctx, skald.GroupReplay, skald.TopicDeadLetters)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) { // it is made by the first commit
		return nil, fmt.Errorf("fetch offsets of %s: %w", skald.GroupReplay, silence(ctx, err))
	}
	for partition, whole := range all {
		offset, ok := committed.Lookup(skald.TopicDeadLetters, partition)
		if ok && offset.At >= whole.from && offset.At <= whole.to {
			all[partition] = span{from: offset.At, to: whole.to}
		}
	}
	return all, nil
}

// progress knows up to where each partition is settled.
type progress struct {
	desk *Desk
	todo spans
	next map[int32]int64 // everything before is settled
	held map[int32]bool  // the record at next is a letter that stays parked
	// own holds the verdicts of this run. They are behind its spans; following
	// them lets the group's lag end at 0 when nothing is parked.
	own map[position]struct{}
}

func newProgress(d *Desk, todo spans) *progress {
	p := &progress{desk: d, todo: todo, next: map[int32]int64{}, held: map[int32]bool{}, own: map[position]struct{}{}}
	for partition, span := range todo {
		p.next[partition] = span.from
	}
	return p
}

// pass takes a partition's records one by one.
func (p *progress) pass(r *kgo.Record, settled bool) {
	switch {
	case p.held[r.Partition]:
	case settled:
		p.next[r.Partition] = r.Offset + 1
	default:
		p.held[r.Partition] = true
	}
}

func (p *progress) wrote(ctx context.Context, verdict *kgo.Record) {
	p.own[positionOf(verdict)] = struct{}{}
	if len(p.own)%commitEvery == 0 {
		p.commit(ctx)
	}
}

// commit moves the group's offsets. That it cannot is logged and no more: the
// verdicts are the truth, and the next replay commits again.
func (p *progress) commit(ctx context.Context) {
	ctx, cancel := p.desk.patient(context.WithoutCancel(ctx))
	defer cancel()
	offsets := kadm.Offsets{}
	for partition, next := range p.next {
		if next = p.follow(partition, next); next > p.todo[partition].from {
			offsets.AddOffset(skald.TopicDeadLetters, partition, next, -1)
		}
	}
	if len(offsets) == 0 {
		return
	}
	if err := p.desk.admin.CommitAllOffsets(ctx, skald.GroupReplay, offsets); err != nil {
		p.desk.o.Logger.WarnContext(ctx, "commit of settled dead letters failed; the next replay reads them again",
			"group", skald.GroupReplay, "error", silence(ctx, err))
	}
}

// follow is next, moved behind this run's own verdicts.
func (p *progress) follow(partition int32, next int64) int64 {
	for {
		if _, ok := p.own[position{partition, next}]; !ok {
			return next
		}
		next++
	}
}
