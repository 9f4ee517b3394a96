// Command provider-go is a payment provider for skald: the contract of
// docs/providers.md with nothing but the standard library. This file is what a
// provider decides, http.go how it is asked.
//
// The ledger is in memory, to be short. A real one is a database table with the
// key as its primary key, and each method below is one transaction.
//
//	SKALD_PROVIDER_SECRET=whsec_… go run ./docs/examples/provider-go -listen 127.0.0.1:9000
package main

import (
	"encoding/json"
	"sync"
)

// request is what a charge asks for. Two are the same when all fields are.
type request struct {
	OrderID string                            `json:"order_id"`
	Amount  struct{ Amount, Currency string } `json:"amount"`
	Token   string                            `json:"token"`
}

// entry is what is known under one key, and the answer about it.
type entry struct {
	State     string  `json:"state,omitempty"` // done, refused, voided or undone; empty: never seen
	Reference string  `json:"reference,omitempty"`
	Code      string  `json:"code,omitempty"`
	Message   string  `json:"message,omitempty"`
	request   request // unexported, so not in the answer: it holds the token
}

type ledger struct {
	sync.Mutex
	entries map[string]entry
}

func (l *ledger) charge(key string, body []byte) (status int, answer entry) {
	var r request
	if err := json.Unmarshal(body, &r); err != nil {
		return 400, entry{Code: "malformed", Message: "the body is not a charge"}
	}
	l.Lock()
	defer l.Unlock()
	e := l.entries[key]
	switch {
	case e.State == "voided" || e.State == "undone":
		return 409, entry{Code: "voided", Message: "this key is closed"}
	case e.State != "" && e.request != r:
		return 409, entry{Code: "other_request", Message: "this key was used for another charge"}
	case e.State == "done": // a repeat: nothing is charged, and the answer is the same
		return 200, e
	case r.Token == "tok_declined":
		l.entries[key] = entry{State: "refused", Code: "card_declined", Message: "the card was declined", request: r}
		return 422, l.entries[key]
	}
	l.entries[key] = entry{State: "done", Reference: "pay-" + key, request: r} // here the money is captured
	return 200, l.entries[key]
}

func (l *ledger) refund(key string, _ []byte) (status int, answer entry) {
	l.Lock()
	defer l.Unlock()
	switch l.entries[key].State {
	case "done": // here the money goes back
		l.entries[key] = entry{State: "undone", Reference: "refund-" + key}
	case "undone": // a repeat
	default:
		return 409, entry{Code: "nothing_done", Message: "nothing was charged under this key"}
	}
	return 200, l.entries[key]
}

// void closes a key even if it was never seen: the charge may still be on its way.
func (l *ledger) void(key string, _ []byte) (status int, answer entry) {
	l.Lock()
	defer l.Unlock()
	if state := l.entries[key].State; state != "done" && state != "undone" {
		l.entries[key] = entry{State: "voided"}
	}
	return 200, l.entries[key]
}

func (l *ledger) lookup(key string, _ []byte) (status int, answer entry) {
	l.Lock()
	defer l.Unlock()
	if e, seen := l.entries[key]; seen {
		return 200, e
	}
	return 404, entry{Code: "unknown_key", Message: "this key was never seen"}
}
