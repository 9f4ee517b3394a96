// Package fault injects failures, so that skald's promises can be tested by
// those who made them and by those who rely on them.
//
// A Rule says where (a Point, a Phase, an order, attempts), what (exactly one
// fault: abort, delay, hang, panic, kill, duplicate, corrupt) and how often. It
// is written as JSON, as YAML or on one line, as in
//
//	charge_payment/after=20%3*abort(unavailable)->off
//
// Whether a rule fires is a pure function of the rule and of what happens
// (Rule.Fires): not of the clock, the process, or what fired before. So the
// faults of a run are known before it starts, and a failing run can be run again.
//
// An Engine holds the rules of a process and is asked by adapters: the package
// inject wraps activities, providers, the gateway, intake, the relay and the
// database; the package network wraps connections. No business code asks.
//
// A fault that fires is counted and logged before it strikes, and NeverFired
// names the rules that never did: a test whose fault did not happen has tested
// nothing.
package fault
