package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/skald-saga/skald"
)

// cursor is where a page ended. It belongs to one list with one filter: with
// another filter it would skip or repeat without anyone noticing.
type cursor struct {
	Filter string `json:"f"`
	ID     string `json:"i"`           // of the last order, or the last SKU
	Nanos  int64  `json:"t,omitempty"` // when that order was created, or the incident opened, Unix time
	Undo   string `json:"u,omitempty"` // of the last incident
	Place  string `json:"p,omitempty"` // of the last dead letter, in its desk's own words
}

func (c cursor) time() time.Time { return time.Unix(0, c.Nanos).UTC() }

// String is what a client sees and sends back.
func (c cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("encode cursor: %v", err)) // strings and integers always encode
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// parseCursor reads what String wrote for the same filter. Nothing is zero and
// stands for the first page.
func parseCursor(text, filter string) (cursor, error) {
	if text == "" {
		return cursor{}, nil
	}
	var parsed cursor
	plain, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err == nil {
		err = json.Unmarshal(plain, &parsed)
	}
	if err != nil || parsed.Filter != filter || !skald.ValidID(parsed.ID) {
		return cursor{}, invalidProblem([]Violation{{Field: "query.cursor", Message: "is not a cursor of this list with these filters; leave it out to start again"}})
	}
	return parsed, nil
}

// filterName is a short name for a list and the values of its filters.
func filterName(parts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return hex.EncodeToString(sum[:8])
}

// nextLink is the RFC 8288 header for the page after this one: the same query
// with another cursor.
func nextLink(path string, query url.Values, limit int, next string) string {
	if next == "" {
		return ""
	}
	query.Set("cursor", next)
	query.Set("limit", strconv.Itoa(limit))
	return "<" + path + "?" + query.Encode() + `>; rel="next"`
}
