package skald

import (
	"strings"
	"unicode"
)

// HeaderFault is the header of a message on TopicOrders, and HeaderHTTPFault that
// of a request, in which an order brings along faults for itself. docs/failure-injection.md
// says how they are written.
const (
	HeaderFault     = "skald-fault"
	HeaderHTTPFault = "X-Skald-Fault"
)

// ignoredFault begins what an order keeps of faults that nobody will inject.
const ignoredFault = "ignored: "

// maxIgnoredFault bounds how much of them it keeps, in bytes.
const maxIgnoredFault = 200

// IgnoredFault is what an order keeps of the faults that it brought along to a
// skald whose failure injection is off: their beginning, as printable text.
func IgnoredFault(asked string) string {
	asked = strings.ToValidUTF8(asked[:min(len(asked), maxIgnoredFault)], "")
	printable := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, asked)
	return ignoredFault + printable
}

// FaultIsIgnored reports whether fault was made by IgnoredFault.
func FaultIsIgnored(fault string) bool { return strings.HasPrefix(fault, ignoredFault) }
