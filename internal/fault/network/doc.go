// Package network breaks connections: it makes dialers whose connections are
// slow, swallow what is sent, stop in the middle or end between a request and
// its reply. The clients of Kafka, Temporal and Postgres take such a dialer
// (kgo.Dialer, grpc.WithContextDialer, pgconn.Config.DialFunc) and know nothing
// of it.
//
// A Link is one dependency seen from one process. Its Weather says what all of
// its connections, open ones too, go through now; a fault.Engine may add faults
// to single reads and writes. What depends on chance depends on the seed and on
// the number of the connection and of the write, not on the clock.
package network
