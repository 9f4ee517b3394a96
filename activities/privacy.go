package activities

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/skald-saga/skald"
)

// What a provider says ends up in events, in Temporal's history and on screens.
// Some providers repeat in their messages what they were sent, so a text that
// holds anything private of the intent is withheld as a whole.

var errWithheld = errors.New("provider failed; its message is withheld because it repeats private data")

const withheldMessage = "the provider's reason is withheld because it repeats private data"

// withhold is err in a form that may leave this process.
func withhold(err error, intent skald.Intent) error {
	if err == nil {
		return nil
	}
	if refused, ok := skald.AsRefused(err); ok {
		return speakable(refused, intent)
	}
	if repeats(err.Error(), intent) {
		return errWithheld
	}
	return err
}

// speakable is refused with a message that may be published: nothing private,
// and at most skald.MaxReasonLength bytes.
func speakable(refused *skald.Refused, intent skald.Intent) *skald.Refused {
	message := strings.ToValidUTF8(refused.Message, "")
	if repeats(message, intent) {
		message = withheldMessage
	}
	return &skald.Refused{Code: refused.Code, Message: shorten(message)}
}

// shortestPrivate is the least number of bytes of a value worth looking for: a
// single letter is in every text.
const shortestPrivate = 2

// repeats reports whether text holds a private value of the intent as words of
// its own, in any case. Country and region are no secret.
func repeats(text string, intent skald.Intent) bool {
	text = strings.ToLower(text)
	to := intent.ShipTo
	for _, private := range []string{intent.Token, to.Name, to.Line1, to.Line2, to.City, to.PostalCode} {
		if len(private) >= shortestPrivate && holdsWords(text, strings.ToLower(private)) {
			return true
		}
	}
	return false
}

// holdsWords reports whether words stands in text, not as a part of longer ones:
// the city of Ur is not in "your card".
func holdsWords(text, words string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], words)
		if at < 0 {
			return false
		}
		begin, end := from+at, from+at+len(words)
		before, _ := utf8.DecodeLastRuneInString(text[:begin])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if !inWord(before) && !inWord(after) {
			return true
		}
		from = begin + 1
	}
}

func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

func shorten(text string) string {
	if len(text) <= skald.MaxReasonLength {
		return text
	}
	end := skald.MaxReasonLength
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
