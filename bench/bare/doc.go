// Package bare is the least that skald's sagas can cost: the engine that skald
// embeds, configured as skald configures it, running a workflow of four local
// activities that do nothing, started eagerly. No HTTP, no SQL, no Kafka, no
// search attributes, no summaries: what skald takes beyond this is its own.
//
// An eager start needs starter and worker on one client, so the starter is in
// the measured process, as skald's intake is. It is counted; it does little: no
// result is asked for, a workflow is done when its code has returned, which is
// also when skald's intake starts the next.
package bare
