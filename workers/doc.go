// Package workers moves orders between Kafka, Temporal and the store. It holds
// three workers, each a value with New and Run:
//
//	Intake  reads skald.orders.v1 and starts or signals sagas
//	Sagas   is the Temporal worker that runs them
//	Relay   publishes recorded events to Kafka
//
// They share one promise: nothing is lost, and anything may happen twice. An
// offset moves only after what the message asks for is durable, or after a dead
// letter that holds it is acknowledged. A row is published until its
// acknowledgement is recorded. What is repeated has the same identity, so that
// the store, Temporal and every consumer can tell.
//
// When Kafka, Temporal or the database is away, workers wait and try again for
// ever; Ready says so. Only a message that can never be used is a dead letter.
package workers
