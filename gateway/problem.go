package gateway

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

// Problem says what went wrong, as RFC 9457 (application/problem+json).
//
// Type is "/problems/" + Code: a reference that is resolved against the address
// of the request, as RFC 9457 allows, and answered with a page that says what
// the problem means and what to do. Programs compare Code.
type Problem struct {
	_ struct{} `additionalProperties:"true"`

	Type      string      `json:"type" doc:"Where the kind of problem is explained; always /problems/ and the code."`
	Title     string      `json:"title" doc:"What kind of problem it is, the same every time."`
	Status    int         `json:"status" doc:"The HTTP status."`
	Detail    string      `json:"detail" doc:"What happened this time, and what to do next."`
	Instance  string      `json:"instance" doc:"Names this occurrence; always urn:skald:request: and the request ID."`
	Code      ProblemCode `json:"code" enum:"malformed,faults_off,fault_injection,key_missing,bad_last_event_id,no_route,not_found,method_not_allowed,request_timeout,fault_taken,order_conflict,cancel_refused,incident_decided,busy,pruned,changed,too_large,unsupported_media_type,invalid,key_reused,too_many_requests,internal,overloaded,too_many_streams,unavailable" doc:"The kind of problem as one word."`
	RequestID string      `json:"request_id" doc:"Quote it when you ask for help: the log has it."`
	Outcome   string      `json:"outcome" enum:"not_accepted,unknown" doc:"not_accepted: nothing was carried out. unknown: it may have been; repeat it with the same Idempotency-Key, and it is carried out once."`
	Errors    []Violation `json:"errors,omitempty" doc:"Everything that is wrong with the request, so that it can be mended in one go."`

	OrderStatus string `json:"order_status,omitempty" enum:"accepted,processing,compensating,needs_attention,confirmed,rejected,failed,cancelled" doc:"With cancel_refused: where the order stands."`
	Reason      string `json:"reason,omitempty" doc:"With cancel_refused: why."`

	retryAfter time.Duration
}

// Violation is one thing wrong with one part of a request. It never repeats
// the value.
type Violation struct {
	_ struct{} `additionalProperties:"true"`

	Field   string `json:"field" doc:"Where: body, query, path or header, then the path to the field, as in body.items[0].quantity."`
	Message string `json:"message" doc:"What is wrong with it."`
}

// What Problem.Outcome says.
const (
	outcomeNotAccepted = "not_accepted"
	outcomeUnknown     = "unknown" // nobody knows what was committed
)

// problem is one of which nothing was carried out.
func problem(code ProblemCode, detail string, args ...any) *Problem {
	kind := kinds[code]
	return &Problem{
		Type:   pathProblems + "/" + string(code),
		Title:  kind.title,
		Status: kind.status,
		Detail: fmt.Sprintf(detail, args...),
		Code:   code,

		Outcome: outcomeNotAccepted,
	}
}

// stamped is p as the answer to the request named id.
func (p *Problem) stamped(id string) *Problem {
	stamped := *p
	stamped.RequestID = id
	stamped.Instance = "urn:skald:request:" + id
	return &stamped
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus tells huma the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders tells huma what goes with the problem.
func (p *Problem) GetHeaders() http.Header {
	headers := http.Header{}
	if p.retryAfter > 0 {
		headers.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	return headers
}

// ContentType tells huma the media type of RFC 9457.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// write answers p outside huma and ends the request.
func write(c *gin.Context, p *Problem) {
	id := requestID(c.Request.Context())
	body, err := json.Marshal(p.stamped(id))
	if err != nil {
		panic(fmt.Sprintf("encode problem: %v", err)) // strings and integers always encode
	}
	c.Abort()
	for name, values := range p.GetHeaders() {
		c.Header(name, values[0])
	}
	c.Data(p.Status, p.ContentType(""), append(body, '\n'))
}
