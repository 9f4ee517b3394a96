package main

import "github.com/skald-saga/skald"

// chapter puts the events of one order in order. They come from two topics and
// at least once: an event may overtake another of the other topic, and may come
// again. The sequence, gap-free over both topics, is all it takes.
type chapter struct {
	orderID string
	told    []skald.Event // by sequence
	early   map[int64]skald.Event
}

// add takes one event and returns those that can be told now, in order.
func (c *chapter) add(event skald.Event) []skald.Event {
	before := len(c.told)
	if event.Subject != c.orderID || event.Sequence <= int64(before) {
		return nil // another's, or a repeat
	}
	if c.early == nil {
		c.early = map[int64]skald.Event{}
	}
	c.early[event.Sequence] = event
	for {
		event, here := c.early[int64(len(c.told))+1]
		if !here {
			return c.told[before:]
		}
		delete(c.early, event.Sequence)
		c.told = append(c.told, event)
	}
}

// ended reports whether the last event that was told is the order's last.
func (c *chapter) ended() bool { return len(c.told) > 0 && c.told[len(c.told)-1].Kind.Final() }
