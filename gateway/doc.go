// Package gateway is the way in over HTTP: it takes orders and stock receipts,
// and tells what became of them.
//
// A request passes the gin engine (identity, access log, recovery, security
// headers, the client's limits), then huma, which decodes and checks it against
// the same structs that the OpenAPI document is generated from. Then it takes a
// place, of which each kind of request has its own number (see Limits), for one
// short handler that asks the store. The gateway never talks to Kafka or
// Temporal: an order is accepted when the store has committed it, whatever else
// is down.
//
// Whatever goes wrong is answered as an RFC 9457 problem (see Problem) that
// says what to do next and never repeats a value it refuses. Its outcome says
// whether nothing was carried out or nobody knows: then, repeat with the same
// Idempotency-Key.
//
// The structs in this package's wire files (Order, NewOrder, Timeline, …) are
// the API. They change only by adding fields; openapi.yaml is their golden.
package gateway
