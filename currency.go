package skald

import "strings"

// Currency is an ISO 4217 alphabetic code, such as "EUR".
type Currency string

// Exponent is the number of decimals of the currency's minor unit. It reports
// false for a code that ISO 4217 does not list as active.
func (c Currency) Exponent() (int, bool) {
	exponent, ok := exponents[c]
	return exponent, ok
}

// exponents follows ISO 4217, list one: the active codes of countries and
// unions, and the indexed units of account CLF, UYI and UYW. Metals, other
// funds and test codes are left out, because nobody pays with them.
// It is not CLDR's table, which rounds some currencies for display.
var exponents = buildExponents()

func buildExponents() map[Currency]int {
	byExponent := map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD " +
			"CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD " +
			"GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL " +
			"MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD " +
			"PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL " +
			"THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "CLF UYW",
	}
	table := make(map[Currency]int, 180)
	for exponent, codes := range byExponent {
		for code := range strings.FieldsSeq(codes) {
			table[Currency(code)] = exponent
		}
	}
	return table
}
