// Package reference is what skald is compared with: Temporal as its own
// documentation shows it. A server as Temporal's CLI starts it for development,
// one worker with the SDK's defaults, and a workflow that runs four regular
// activities, started and awaited by a client elsewhere. Beside it an empty
// workflow on the same server: the least that anything costs there.
//
// The activities are skald's own, on skald's own store, so that both sides have
// the same effects in SQL. Nothing here was made slow, and nothing was tuned.
package reference
