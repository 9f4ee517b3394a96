// Package prune makes room: it removes the details of orders that have been
// final for longer than they are to be kept. What an order's details are, and
// which may go, is the store's business; this room decides when, and how much at
// a time, so that nobody waits for it.
//
// It goes from the oldest order to the first that is too young, in batches with
// a pause between, one transaction for each order. The keys of such orders at
// the sandbox providers are forgotten afterwards: the store remembers which until
// that is done, so a crash between the two leaves nothing behind.
package prune
