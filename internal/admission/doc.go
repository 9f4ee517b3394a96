// Package admission decides who may come in, and says no early and cheaply.
//
// Each limit is a value of its own: a Listener bounds connections, Counts what
// one client and all of them have open, Rates how often a client may ask, Places
// how many requests are worked on at a time, Memory what their bodies may hold.
// A client is an address; an IPv6 client is its /64, because whoever has one
// address there has them all.
//
// Nothing here waits without a bound. Work that waits longer than its client
// does is done for nobody, so under more load than a server can carry it does
// less of use the longer its queues are: refusing early keeps it at what it can
// do. Waiting has a bound in time and in number, and what is full says so.
package admission
