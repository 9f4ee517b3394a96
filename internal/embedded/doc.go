// Package embedded is the engine room of `skald dev`: a Temporal server on
// SQLite, the Temporal UI and a Kafka broker (kfake), all in this process and
// all on 127.0.0.1. It returns addresses and nothing else: whoever uses them
// cannot tell the engine from a production cluster.
//
// Everything lives in one data folder that one process at a time may open. A
// stopped or killed engine started again on its folder goes on with every
// workflow, topic and consumer offset it had.
//
// The parts can be stopped and started one by one on their own ports, so that
// a test can take Kafka or Temporal away from a running system.
//
// Neither kfake nor Temporal on SQLite is meant for production by its authors.
package embedded
