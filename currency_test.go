package skald_test

import (
	"testing"

	"github.com/skald-saga/skald"
)

func TestExponentsAreThoseOfISO4217(t *testing.T) {
	t.Parallel()
	for currency, want := range map[skald.Currency]int{
		"JPY": 0, "KRW": 0, "ISK": 0, "CLP": 0, "XOF": 0, "UYI": 0,
		"EUR": 2, "USD": 2, "GBP": 2, "HUF": 2, "TWD": 2, "MGA": 2, "MRU": 2, "IDR": 2, "XCG": 2,
		"BHD": 3, "KWD": 3, "TND": 3, "IQD": 3,
		"CLF": 4, "UYW": 4,
	} {
		if got, ok := currency.Exponent(); !ok || got != want {
			t.Errorf("%s has exponent %d, %t; want %d", currency, got, ok, want)
		}
	}
	for _, currency := range []skald.Currency{"", "XAU", "XTS", "XXX", "HRK", "BGN", "ANG", "usd", "EU", "EURO"} {
		if got, ok := currency.Exponent(); ok {
			t.Errorf("%q has exponent %d, but nobody can pay with it", currency, got)
		}
	}
}
