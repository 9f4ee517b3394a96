package app

import (
	"context"

	"github.com/skald-saga/skald/internal/provider/check"
	"github.com/skald-saga/skald/internal/provider/remote"
)

// ProviderSecret signs what skald asks of somebody's own payment provider or
// carrier: "whsec_…", or two with a space between while it is being replaced.
type ProviderSecret = remote.Secret

// ProviderCheck says which payment provider or carrier to check, and with what.
// A zero field means its documented default.
type ProviderCheck struct {
	// URL is the base of the service. Required.
	URL string
	// Kind is "payment" or "carrier". Required.
	Kind string
	// Secret signs the requests. Empty: they are not signed, and forged
	// signatures are not tried.
	Secret ProviderSecret
	// Approved and Declined are payment tokens that are charged and refused.
	// Default: the sandbox's.
	Approved, Declined string
}

// CheckedRule is what became of one rule.
type CheckedRule = check.Result

// CheckProvider judges a running service by every rule that the sandbox keeps,
// and calls report after each, if it is there. It charges or books, so it belongs
// in front of a test mode. It errors when nothing could be judged.
func CheckProvider(ctx context.Context, c ProviderCheck, report func(CheckedRule)) ([]CheckedRule, error) {
	return remote.Check(ctx, remote.CheckOptions{
		Options: remote.Options{URL: c.URL, Secret: c.Secret}, Kind: remote.Kind(c.Kind),
		Approved: c.Approved, Declined: c.Declined,
	}, report)
}
