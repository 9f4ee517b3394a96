// Package feed hands the events that skald has published to whoever listens.
//
// One Hub per process reads the store's publications, which count 1, 2, 3, …
// without gaps, and hands each to every Subscription. It reads only while
// somebody listens: woken by a commit, and at the latest every 200 ms.
//
// A subscription that starts in the past reads the store itself, page by page
// and as slowly as its reader likes, and joins the hub when it has caught up.
// From then on it has a bounded buffer; a reader that falls further behind is
// dropped, because otherwise it would hold memory or hold up the others. It
// loses nothing: it subscribes again after the last publication that it saw.
package feed
