// Package inject puts a fault.Engine around skald's own seams, one adapter each:
//
//	Worker, Client  Temporal interceptors: activities, and how an order's rules travel
//	Payment, Carrier  the ports to the providers
//	Gateway  an http.Handler: placing an order
//	Intake  what intake asks of the store and of Temporal
//	Relay  what the relay asks of the outbox
//	Records  the bytes on Kafka
//	Database  a driver.Connector
//
// An adapter turns what a rule asks for into what the real thing would answer:
// an error of Temporal, of the dialect, a problem over HTTP, a broken connection.
// What it wraps knows nothing of it. With a nil engine, or no rules, an adapter
// passes everything through.
package inject
