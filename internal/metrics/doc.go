// Package metrics is what an operator watches: numbers about this process, and
// about the work that all processes share, in Prometheus' text format.
//
// Every number is one Metric of the catalogue (catalogue.go), which is a
// promise: dashboards and alerts are written by its names. No label ever names
// an order, a SKU or a customer, so the number of series is bounded by what
// skald is and not by what it has done.
//
// Rooms know nothing of this one. What happens often is counted as it happens
// (Counter, Histogram), through a small interface that the counted room
// declares; it costs a map look-up and an atomic addition. What somebody knows
// anyway is read when a scrape asks (Source). internal/app brings the two
// together.
package metrics
