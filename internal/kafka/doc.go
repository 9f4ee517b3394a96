// Package kafka is skald's policy on Kafka: which topics exist and how long
// they keep what, how clients are set up, what an event looks like on the wire,
// and when an offset may be committed.
//
// It is not an abstraction of Kafka. Callers hold a *kgo.Client and know it;
// this package only decides, once, what would otherwise be decided by silence
// in several places: acknowledgements, lingers, resets, retention.
//
// The wire form is CloudEvents 1.0 in the Kafka protocol binding. Encode writes
// binary mode; Decode reads binary mode, structured mode and plain JSON.
//
// A Tracker answers the one question a consumer that finishes records out of
// order must ask before it commits: is everything before this offset done?
package kafka
