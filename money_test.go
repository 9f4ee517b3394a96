package skald_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/skald-saga/skald"
)

func TestParseMoneyReadsEveryDecimalOfTheCurrency(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		amount   string
		currency skald.Currency
		minor    int64
		written  string
	}{
		{"0", "EUR", 0, "0.00"},
		{"12.34", "EUR", 1234, "12.34"},
		{"12.3", "EUR", 1230, "12.30"},
		{"12", "EUR", 1200, "12.00"},
		{"0.05", "EUR", 5, "0.05"},
		{"007.50", "EUR", 750, "7.50"},
		{"500", "JPY", 500, "500"},
		{"1.234", "BHD", 1234, "1.234"},
		{"0.0001", "CLF", 1, "0.0001"},
		{"90071992547409.91", "EUR", skald.MaxMinor, "90071992547409.91"},
		{"9007199254740991", "JPY", skald.MaxMinor, "9007199254740991"},
	} {
		money, err := skald.ParseMoney(test.amount, test.currency)
		if want := (skald.Money{Minor: test.minor, Currency: test.currency}); err != nil || money != want {
			t.Errorf("ParseMoney(%q, %s) = %v, %v; want %v", test.amount, test.currency, money, err, want)
		}
		if money.Amount() != test.written {
			t.Errorf("amount of %q %s is written %q, want %q", test.amount, test.currency, money.Amount(), test.written)
		}
	}
}

func TestParseMoneyRefusesWhatIsNotAnExactAmount(t *testing.T) {
	t.Parallel()
	const notDecimal = `amount must be a decimal number such as "12.34"`
	for _, test := range []struct {
		amount   string
		currency skald.Currency
		want     string
	}{
		{"1.00", "XXX", "currency must be an ISO 4217 code"},
		{"1.00", "eur", "currency must be an ISO 4217 code"},
		{"1.00", "", "currency must be an ISO 4217 code"},
		{"1.005", "EUR", "amount must have at most 2 decimals"},
		{"1.0", "JPY", "amount must have at most 0 decimals"},
		{"1.", "EUR", "amount must have at most 2 decimals"},
		{"", "EUR", notDecimal},
		{".5", "EUR", notDecimal},
		{"-1.00", "EUR", notDecimal},
		{"+1.00", "EUR", notDecimal},
		{"1e3", "EUR", notDecimal},
		{" 1.00", "EUR", notDecimal},
		{"1,00", "EUR", notDecimal},
		{"1.2.3", "BHD", notDecimal},
		{"١", "EUR", notDecimal},
		{"NaN", "EUR", notDecimal},
		{"90071992547409.92", "EUR", "amount must be at most 9007199254740991 minor units"},
		{strings.Repeat("9", 400), "JPY", "amount must be at most 9007199254740991 minor units"},
	} {
		money, err := skald.ParseMoney(test.amount, test.currency)
		if err == nil || err.Error() != test.want || money != (skald.Money{}) {
			t.Errorf("ParseMoney(%q, %q) = %v, %v; want no money and %q", test.amount, test.currency, money, err, test.want)
		}
	}
}

func TestAddingNeverMixesCurrenciesOrOverflows(t *testing.T) {
	t.Parallel()
	if _, err := eur(1).Add(skald.Money{Minor: 1, Currency: "USD"}); err == nil || err.Error() != "add USD to EUR: different currencies" {
		t.Errorf("adding dollars to euros gave %v", err)
	}
	if _, err := eur(skald.MaxMinor).Add(eur(1)); err == nil || err.Error() != "sum exceeds 9007199254740991 minor units" {
		t.Errorf("adding past MaxMinor gave %v", err)
	}
	if sum, err := eur(skald.MaxMinor - 1).Add(eur(1)); err != nil || sum != eur(skald.MaxMinor) {
		t.Errorf("adding up to MaxMinor gave %v, %v", sum, err)
	}
}

func TestTimesRefusesNegativeFactors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ minor, n int64 }{{1, -1}, {1, math.MinInt64}, {-1, 1}, {-1, 0}, {math.MinInt64, 2}} {
		if product, err := eur(test.minor).Times(test.n); err == nil || err.Error() != "factors must not be negative" {
			t.Errorf("%d × %d = %v, %v; want an error", test.minor, test.n, product, err)
		}
	}
}

// 2⁵² × 2¹² is 2⁶⁴, whose low 64 bits are 0: a product that wraps looks free.
func TestAProductThatWrapsAroundIsRefused(t *testing.T) {
	t.Parallel()
	product, err := eur(1 << 52).Times(1 << 12)
	if err == nil || err.Error() != "product exceeds 9007199254740991 minor units" {
		t.Errorf("2⁵² × 2¹² = %v, %v; want an error", product, err)
	}
}

func TestMoneySurvivesWritingAndReading(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		money := drawMoney(t)
		parsed, err := skald.ParseMoney(money.Amount(), money.Currency)
		if err != nil || parsed != money {
			t.Fatalf("%#v is written %s and read %#v, %v", money, money.Amount(), parsed, err)
		}
		data, err := json.Marshal(money)
		if err != nil {
			t.Fatal(err)
		}
		var decoded skald.Money
		if err := json.Unmarshal(data, &decoded); err != nil || decoded != money {
			t.Fatalf("%#v is JSON %s and read %#v, %v", money, data, decoded, err)
		}
	})
}

func TestSumsAndProductsAreExactOrRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, n := drawMinor(t, "a"), drawMinor(t, "b"), rapid.Int64().Draw(t, "n")
		sum, err := eur(a).Add(eur(b))
		checkExact(t, "sum", new(big.Int).Add(big.NewInt(a), big.NewInt(b)), sum, err)
		product, err := eur(a).Times(n)
		if n < 0 {
			if err == nil {
				t.Fatalf("%d × %d gave %v, want an error", a, n, product)
			}
			return
		}
		checkExact(t, "product", new(big.Int).Mul(big.NewInt(a), big.NewInt(n)), product, err)
	})
}

func TestWhateverParsesIsInRangeAndKeepsItsValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[-+]?[0-9]{0,18}(\.[0-9]{0,5})?`).Draw(t, "amount")
		currency := drawCurrency(t)
		money, err := skald.ParseMoney(text, currency)
		if err != nil {
			return
		}
		if money.Minor < 0 || money.Minor > skald.MaxMinor {
			t.Fatalf("%q %s parsed to %d minor units", text, currency, money.Minor)
		}
		want, _ := new(big.Rat).SetString(text)
		if got, _ := new(big.Rat).SetString(money.Amount()); got.Cmp(want) != 0 {
			t.Fatalf("%q %s is now %s", text, currency, money.Amount())
		}
	})
}

func TestMoneyJSONIsExactlyAmountAndCurrency(t *testing.T) {
	t.Parallel()
	if got := string(marshal(t, eur(1234))); got != `{"amount":"12.34","currency":"EUR"}` {
		t.Errorf("12.34 EUR is written %s", got)
	}
	for _, data := range []string{
		`null`, `{}`, `12.34`, `"12.34"`,
		`{"amount":12.34,"currency":"EUR"}`,
		`{"amount":"-1.00","currency":"EUR"}`,
		`{"amount":"1.001","currency":"EUR"}`,
		`{"amount":"1.00","currency":"XXX"}`,
		`{"amount":"1.00","currency":"EUR","scale":2}`,
	} {
		money := eur(7)
		if err := json.Unmarshal([]byte(data), &money); err == nil || money != eur(7) {
			t.Errorf("%s was read as %v, %v; want an error and nothing changed", data, money, err)
		}
	}
}

func eur(minor int64) skald.Money { return skald.Money{Minor: minor, Currency: "EUR"} }

// checkExact demands the big result, or an error when Money cannot hold it.
func checkExact(t *rapid.T, what string, want *big.Int, got skald.Money, err error) {
	t.Helper()
	if want.Cmp(big.NewInt(skald.MaxMinor)) > 0 {
		if err == nil {
			t.Fatalf("%s %s was not refused but is %v", what, want, got)
		}
		return
	}
	if err != nil || got != eur(want.Int64()) {
		t.Fatalf("%s is %v, %v; want %s", what, got, err, want)
	}
}

func drawMoney(t *rapid.T) skald.Money {
	return skald.Money{Minor: drawMinor(t, "minor"), Currency: drawCurrency(t)}
}

func drawMinor(t *rapid.T, label string) int64 {
	return rapid.Int64Range(0, skald.MaxMinor).Draw(t, label)
}

func drawCurrency(t *rapid.T) skald.Currency {
	return rapid.SampledFrom([]skald.Currency{"JPY", "EUR", "USD", "BHD", "CLF"}).Draw(t, "currency")
}
