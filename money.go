package skald

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// MaxMinor is the largest amount Money holds, in minor units. It leaves room
// to be exact in any JSON reader that keeps numbers in a float64.
const MaxMinor = int64(1)<<53 - 1

// Money is an exact amount in the minor unit of its currency (cents, yen,
// fils). It is never negative and never a floating-point number.
//
// Its JSON form is {"amount":"12.34","currency":"EUR"}, with exactly as many
// decimals as ISO 4217 gives the currency.
type Money struct {
	Minor    int64
	Currency Currency
}

// ParseMoney reads a decimal string such as "12.34". It errors when the
// currency is unknown, or the amount is negative, has more decimals than the
// currency, is not plain digits, or exceeds MaxMinor.
func ParseMoney(amount string, currency Currency) (Money, error) {
	exponent, ok := currency.Exponent()
	if !ok {
		return Money{}, errors.New("currency must be an ISO 4217 code")
	}
	whole, fraction, dotted := strings.Cut(amount, ".")
	if dotted && (fraction == "" || len(fraction) > exponent) {
		return Money{}, fmt.Errorf("amount must have at most %d decimals", exponent)
	}
	digits := whole + fraction + strings.Repeat("0", exponent-len(fraction))
	if whole == "" || !plainDigits(digits) {
		return Money{}, fmt.Errorf("amount must be a decimal number such as %q", "12.34")
	}
	minor, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || minor > MaxMinor {
		return Money{}, fmt.Errorf("amount must be at most %d minor units", MaxMinor)
	}
	return Money{Minor: minor, Currency: currency}, nil
}

// Amount is the decimal string of m, with all decimals of its currency.
func (m Money) Amount() string {
	exponent, _ := m.Currency.Exponent()
	digits := strconv.FormatInt(m.Minor, 10)
	if exponent == 0 {
		return digits
	}
	if missing := exponent + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - exponent
	return digits[:point] + "." + digits[point:]
}

// String is the amount with its currency, as in "12.34 EUR".
func (m Money) String() string { return m.Amount() + " " + string(m.Currency) }

// Add is m + other. It errors when the currencies differ or the sum exceeds
// MaxMinor.
func (m Money) Add(other Money) (Money, error) {
	if m.Currency != other.Currency {
		return Money{}, fmt.Errorf("add %s to %s: different currencies", other.Currency, m.Currency)
	}
	sum := m.Minor + other.Minor // both are at most 2^53, so this cannot wrap
	if sum > MaxMinor {
		return Money{}, fmt.Errorf("sum exceeds %d minor units", MaxMinor)
	}
	return Money{Minor: sum, Currency: m.Currency}, nil
}

// Times is m × n. It errors when either is negative or the product exceeds
// MaxMinor.
func (m Money) Times(n int64) (Money, error) {
	if m.Minor < 0 || n < 0 {
		return Money{}, errors.New("factors must not be negative")
	}
	high, low := bits.Mul64(uint64(m.Minor), uint64(n))
	if high != 0 || low > uint64(MaxMinor) {
		return Money{}, fmt.Errorf("product exceeds %d minor units", MaxMinor)
	}
	return Money{Minor: int64(low), Currency: m.Currency}, nil
}

type moneyJSON struct {
	Amount   string   `json:"amount"`
	Currency Currency `json:"currency"`
}

// MarshalJSON writes the form described at Money.
func (m Money) MarshalJSON() ([]byte, error) {
	return json.Marshal(moneyJSON{Amount: m.Amount(), Currency: m.Currency})
}

// UnmarshalJSON reads exactly the form described at Money, with ParseMoney's
// rules. It refuses other fields itself, because a decoder's setting does not
// reach it.
func (m *Money) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var wire moneyJSON
	if err := decoder.Decode(&wire); err != nil {
		return err
	}
	parsed, err := ParseMoney(wire.Amount, wire.Currency)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

func plainDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}
