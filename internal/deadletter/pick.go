package deadletter

import (
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

// pick yields the wanted letters with their verdicts, in order within a
// partition, and returns those that are not there.
func (d *Desk) pick(ctx context.Context, wanted []position, yield func(*kgo.Record, Letter) error) (missing []position, err error) {
	all, err := d.kept(ctx)
	if err != nil {
		return nil, err
	}
	verdicts, err := d.verdictsOf(ctx, wanted, all)
	if err != nil {
		return nil, err
	}
	missing = slices.Clone(wanted)
	for r, err := range d.records(ctx, all.around(wanted)) {
		if err != nil {
			return nil, err
		}
		at := slices.Index(missing, positionOf(r))
		if at < 0 || isVerdict(r) {
			continue
		}
		letter := readLetter(r)
		if v, ok := verdicts[missing[at]]; ok {
			letter.State, letter.Verdict = v.State, &v
		}
		missing = slices.Delete(missing, at, at+1)
		if err := yield(r, letter); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

// verdictsOf is the first verdict of each wanted letter that has one.
func (d *Desk) verdictsOf(ctx context.Context, wanted []position, all spans) (map[position]Verdict, error) {
	found := map[position]Verdict{}
	for r, err := range d.records(ctx, all.behind(wanted)) {
		if err != nil {
			return nil, err
		}
		of, v, ok := readVerdict(r)
		if _, settled := found[of]; ok && !settled && slices.Contains(wanted, of) {
			found[of] = v
		}
	}
	return found, nil
}

// behind is the part of s in which verdicts about wanted letters may be.
func (s spans) behind(wanted []position) spans {
	behind := spans{}
	for partition, around := range s.around(wanted) {
		behind[partition] = span{from: around.from, to: s[partition].to}
	}
	return behind
}

// around is the part of s, of each partition one piece, that has the wanted
// letters in it.
func (s spans) around(wanted []position) spans {
	around := spans{}
	for _, p := range wanted {
		whole, ok := s[p.partition]
		if !ok || p.offset < whole.from || p.offset >= whole.to {
			continue
		}
		piece, ok := around[p.partition]
		if !ok {
			piece = span{from: p.offset, to: p.offset + 1}
		}
		around[p.partition] = span{from: min(piece.from, p.offset), to: max(piece.to, p.offset+1)}
	}
	return around
}
