// Package audit is the auditor: it holds everything that knows about orders side
// by side, and says what disagrees, and why.
//
// Orders are written down in several places: the order's row with its effects
// and events, stock, the intents of provider calls; Temporal's runs; the keys at
// the payment provider and the carrier; the topics. While skald is the only one
// who writes, they agree once an order is at rest. Then somebody terminates a
// saga, restores a backup or loses a topic. An Audit reads all of them, page by
// page, and names each disagreement as a Finding of one Kind.
//
// What is younger than Options.Grace is on its way, and is not judged. Repair
// mends what is safe: it starts a saga again, publishes an event again, takes
// back what a dead order left at a provider. The rest is for a person. Every
// repair is idempotent and asks again before it acts, so that a report may be
// old, a repair may be repeated, and several auditors may repair at once. That
// is why Run, the part that mends by itself on a schedule, needs no leader.
//
// A repair writes no event: an order's last event has been told, or its saga
// will tell the next one. What was done is in the report and in the log.
package audit
