package gateway

import (
	"maps"
	"net/http"
	"slices"
)

// ProblemCode names a kind of problem. Codes are a closed list and part of the
// API.
type ProblemCode string

// The codes of problems.
const (
	CodeMalformed        ProblemCode = "malformed"              // the body is not JSON, or ended early
	CodeKeyMissing       ProblemCode = "key_missing"            // the route needs an Idempotency-Key
	CodeNoRoute          ProblemCode = "no_route"               // nothing is at this address
	CodeNotFound         ProblemCode = "not_found"              // there is no such order or SKU
	CodeMethodNotAllowed ProblemCode = "method_not_allowed"     // the address has other methods
	CodeTimeout          ProblemCode = "request_timeout"        // the body did not arrive in time
	CodeOrderConflict    ProblemCode = "order_conflict"         // the order ID is taken by other content
	CodeTooLarge         ProblemCode = "too_large"              // the body is too long
	CodeUnsupportedMedia ProblemCode = "unsupported_media_type" // the body is not application/json
	CodeInvalid          ProblemCode = "invalid"                // see Errors
	CodeKeyReused        ProblemCode = "key_reused"             // the Idempotency-Key was used for another request
	CodeInternal         ProblemCode = "internal"               // a bug in skald
	CodeUnavailable      ProblemCode = "unavailable"            // the database did not answer
)

// kinds gives each code its status and title.
var kinds = map[ProblemCode]struct {
	status int
	title  string
}{
	CodeMalformed:        {http.StatusBadRequest, "The body cannot be read"},
	CodeKeyMissing:       {http.StatusBadRequest, "An Idempotency-Key is needed"},
	CodeNoRoute:          {http.StatusNotFound, "No such address"},
	CodeNotFound:         {http.StatusNotFound, "Not found"},
	CodeMethodNotAllowed: {http.StatusMethodNotAllowed, "Method not allowed"},
	CodeTimeout:          {http.StatusRequestTimeout, "The request came too slowly"},
	CodeOrderConflict:    {http.StatusConflict, "The order ID is taken"},
	CodeTooLarge:         {http.StatusRequestEntityTooLarge, "The body is too long"},
	CodeUnsupportedMedia: {http.StatusUnsupportedMediaType, "The body is not JSON"},
	CodeInvalid:          {http.StatusUnprocessableEntity, "The request is not valid"},
	CodeKeyReused:        {http.StatusUnprocessableEntity, "The Idempotency-Key was used before"},
	CodeInternal:         {http.StatusInternalServerError, "Internal error"},
	CodeUnavailable:      {http.StatusServiceUnavailable, "Not available now"},
}

// ProblemCodes lists every code.
func ProblemCodes() []ProblemCode { return slices.Sorted(maps.Keys(kinds)) }
