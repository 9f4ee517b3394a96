package database

import (
	"net/url"
	"strings"
	"unicode"
)

// Redact hides the passwords in a database URL. Of text that is no URL, or in
// which a password may stand where none belongs, it shows at most the scheme.
func Redact(raw string) string {
	scheme, _, _ := strings.Cut(raw, ":")
	if scheme == "sqlite" {
		return raw
	}
	if strings.ContainsFunc(scheme, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return "…"
	}
	parsed, err := url.Parse(raw)
	if err != nil || parsed.Opaque != "" || strings.Contains(parsed.Path+parsed.RawQuery, "@") {
		return scheme + ":…"
	}
	parsed.RawQuery = redactQuery(parsed.Query()).Encode()
	return parsed.Redacted()
}

// HasPassword reports whether a database URL holds one.
func HasPassword(raw string) bool { return Redact(raw) != shown(raw) }

// shown is what Redact shows of a URL that hides nothing.
func shown(raw string) string {
	parsed, err := url.Parse(raw)
	if err != nil || strings.HasPrefix(raw, "sqlite:") {
		return raw
	}
	parsed.RawQuery = parsed.Query().Encode()
	return parsed.String()
}

func redactQuery(query url.Values) url.Values {
	for name := range query {
		if strings.Contains(strings.ToLower(name), "password") {
			query.Set(name, "xxxxx")
		}
	}
	return query
}
