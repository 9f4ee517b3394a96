package deadletter

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"time"
)

// List returns a page of letters, last parked first, and the cursor of the next
// page, empty when there is none. Letters that are parked while someone turns
// pages show on the first page only and move nothing. It errors with a
// *skald.Invalid for a wrong query.
func (d *Desk) List(ctx context.Context, q Query) (letters []Letter, next string, err error) {
	if err := q.Validate(); err != nil {
		return nil, "", err
	}
	q = q.withDefaults()
	all, err := d.kept(ctx)
	if err != nil {
		return nil, "", err
	}
	settled, err := d.readLedger(ctx, all)
	if err != nil {
		return nil, "", err
	}
	p := newPage(q)
	for r, err := range d.records(ctx, all) {
		if err != nil {
			return nil, "", err
		}
		if isVerdict(r) {
			if of, v, ok := readVerdict(r); ok {
				p.attach(of, v)
			}
			continue
		}
		letter := readLetter(r)
		letter.State = settled.state(positionOf(r))
		p.offer(entry{positionOf(r), letter})
	}
	letters, next = p.cut()
	return letters, next, nil
}

// page keeps the newest letters behind the cursor: one more than its query's
// limit, which tells whether there is a next page.
type page struct {
	query   Query
	after   *place
	entries []entry
}

type entry struct {
	position
	letter Letter
}

func newPage(q Query) *page {
	after, _ := readCursor(q.After)
	return &page{query: q, after: after}
}

func (p *page) offer(e entry) {
	if !p.query.matches(e.letter) || p.after != nil && compare(e.place(), *p.after) <= 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(p.entries, e, func(a, b entry) int { return compare(a.place(), b.place()) })
	p.entries = slices.Insert(p.entries, at, e)
	p.entries = p.entries[:min(len(p.entries), p.query.Limit+1)]
}

// attach keeps a letter's first verdict. A verdict comes after its letter.
func (p *page) attach(of position, v Verdict) {
	for n := range p.entries {
		if e := &p.entries[n]; e.position == of && e.letter.Verdict == nil {
			e.letter.Verdict = &v
		}
	}
}

func (p *page) cut() (letters []Letter, next string) {
	letters = []Letter{}
	for _, e := range p.entries[:min(len(p.entries), p.query.Limit)] {
		letters = append(letters, e.letter)
	}
	if len(p.entries) > p.query.Limit {
		next = p.entries[p.query.Limit-1].place().cursor()
	}
	return letters, next
}

// place is a letter's place in a list.
type place struct {
	at time.Time
	position
}

func (e entry) place() place { return place{e.letter.ParkedAt, e.position} }

// compare sorts the newest first.
func compare(a, b place) int {
	return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.partition, b.partition), cmp.Compare(b.offset, a.offset))
}

func (p place) cursor() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d %s", p.at.Unix(), p.at.Nanosecond(), p.position))
}

// readCursor is nil for the first page.
func readCursor(cursor string) (*place, bool) {
	if cursor == "" {
		return nil, true
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, false
	}
	var seconds, nanoseconds int64
	var id string
	if _, err := fmt.Sscanf(string(text), "%d %d %s", &seconds, &nanoseconds, &id); err != nil {
		return nil, false
	}
	at, ok := readPosition(id)
	return &place{time.Unix(seconds, nanoseconds).UTC(), at}, ok
}
