package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// key is what a service knows under one key, and the automaton of its states:
//
//	unknown ─do──▶ done ─undo──▶ undone
//	   │    ─do──▶ refused ─do──▶ done or refused
//	   └────────void────────▶ voided ◀─void─ refused
//
// Nothing leaves voided or undone, so a void that came first wins for ever, and
// a do that came first can be taken back once.
type key struct {
	state         provider.State
	orderID       string
	requestHash   string // empty until a do was seen
	amount        skald.Money
	reference     string
	undoReference string
	undoRefused   bool // the undo will be refused for good
	code          skald.Code
	message       string
}

// request is a do, as the ledger sees it.
type request struct {
	key         string
	orderID     string
	hash        string // of everything in the caller's request
	amount      skald.Money
	undoRefused bool
	refusal     *skald.Refused // what the service decides about it; nil when it does it
}

// errNothingDone: an undo was asked for a key under which nothing was done.
var errNothingDone = errors.New("nothing was done under this key")

func (k *key) do(r request, reference string) error {
	if k.state == provider.StateVoided || k.state == provider.StateUndone {
		return provider.ErrVoided
	}
	if k.requestHash != "" && k.requestHash != r.hash {
		return provider.ErrOtherRequest
	}
	if k.state == provider.StateDone {
		return nil
	}
	k.orderID, k.requestHash, k.amount = r.orderID, r.hash, r.amount
	if r.refusal != nil {
		k.state, k.code, k.message = provider.StateRefused, r.refusal.Code, r.refusal.Message
		return nil //nolint:nilerr // the refusal is recorded under the key, and answered from there
	}
	k.state, k.reference, k.undoRefused = provider.StateDone, reference, r.undoRefused
	return nil
}

func (k *key) undo(reference string, refusal *skald.Refused) error {
	switch {
	case k.state == provider.StateUndone:
		return nil
	case k.state != provider.StateDone:
		return errNothingDone
	case k.undoRefused:
		return refusal
	}
	k.state, k.undoReference = provider.StateUndone, reference
	return nil
}

func (k *key) void() {
	if k.state == provider.StateUnknown || k.state == provider.StateRefused {
		k.state = provider.StateVoided
	}
}

// refusal is the last one given under k; nil if there was none.
func (k *key) refusal() *skald.Refused {
	if k.code == "" {
		return nil
	}
	return &skald.Refused{Code: k.code, Message: k.message}
}

func (k *key) record() provider.Record {
	record := provider.Record{State: k.state, Reference: k.reference}
	if k.state == provider.StateUndone {
		record.Reference = k.undoReference
	}
	if k.state == provider.StateRefused {
		record.Refusal = k.refusal()
	}
	return record
}

// hashOf identifies a request, so that a key is never used for two of them. It
// is kept instead of the request, which holds a token or an address.
func hashOf(request any) string {
	text, err := json.Marshal(request)
	if err != nil {
		panic(fmt.Sprintf("hash a request: %v", err)) // requests hold strings and integers, which always encode
	}
	return digest(string(text))
}

// referenceOf is readable and the same for the same key: "pay_3b1f09c2d4e5".
func referenceOf(prefix, key string) string { return prefix + "_" + digest(key)[:12] }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
