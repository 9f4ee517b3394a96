// Package deadletter is the desk at which a person settles dead letters: looks
// at the messages that intake could not use, puts them back or discards them.
//
// Everything is kept on the dead letter topic itself. A verdict (what, by whom,
// why, when) is a record behind its letter, on the same partition: as durable as
// the letter, open to anyone with a Kafka client, and never outlived by it,
// because Kafka removes a partition's oldest records first. A letter without
// verdict is parked; the first verdict counts. The topic must not be compacted.
//
// A replay is acknowledged by the orders topic before its verdict is written. A
// crash in between repeats that one message, and intake absorbs it, because the
// order's ID is the same. A message that fails again comes back as a new letter
// that carries the count of its replays; at the cap it stays parked.
//
// Verdicts are a replay's progress, so that it can stop anywhere, use any filter
// and lose nothing. The offsets of the consumer group skald.GroupReplay follow
// them: a partition's offset is the end of its settled beginning, where every
// letter has a verdict. The next replay begins there, and the group's lag, which
// any Kafka tool shows, bounds what is parked. A letter that a filter left out or
// that is at the cap holds the offset back. Offsets alone would not do: they have
// no room for a letter left out, and a group without members forgets them after
// a week, while letters are kept for a month.
//
// Nothing is indexed: a call reads the topic, twice where it must know verdicts
// first, and keeps one byte of each record and one page of letters in memory.
package deadletter
