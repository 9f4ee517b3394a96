package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Problem is what the API answers when it does not do what was asked (RFC
// 9457).
type Problem struct {
	Status    int         `json:"status"`
	Code      string      `json:"code"`
	Title     string      `json:"title"`
	Detail    string      `json:"detail"`
	RequestID string      `json:"request_id,omitempty"`
	Outcome   string      `json:"outcome,omitempty"` // "not_accepted", or "unknown" when nobody knows whether it was carried out
	Errors    []Violation `json:"errors,omitempty"`
	// OrderStatus and Reason say, for a cancel that was refused, where the order
	// stands and why it is too late.
	OrderStatus string `json:"order_status,omitempty"`
	Reason      string `json:"reason,omitempty"`
}

// Violation is one thing wrong with one part of a request.
type Violation struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is the detail, then every violation on a line of its own.
func (p *Problem) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d %s: %s", p.Status, p.Code, p.Detail)
	for _, violation := range p.Errors {
		fmt.Fprintf(&text, "\n  %s: %s", violation.Field, violation.Message)
	}
	return text.String()
}

// CodeUnexpectedAnswer is the code of an answer that skald did not write:
// something else listens at the address, or stands between.
const CodeUnexpectedAnswer = "unexpected_answer"

// AsProblem finds a problem in err's chain.
func AsProblem(err error) (*Problem, bool) {
	var problem *Problem
	ok := errors.As(err, &problem)
	return problem, ok
}

// Unreachable says that no connection to the server came about. Nothing was
// sent, so nothing happened.
type Unreachable struct {
	Server string
	Err    error
}

// Error names the server.
func (u *Unreachable) Error() string { return fmt.Sprintf("%s cannot be reached: %v", u.Server, u.Err) }

// Unwrap is the cause.
func (u *Unreachable) Unwrap() error { return u.Err }

// Unknown says that a write was sent and no answer tells whether it was carried
// out. Repeating it with the same Key carries it out once; without a Key, Repeat
// says what to do.
type Unknown struct {
	Key      string // empty for a write that needs none
	Repeat   string
	Attempts int
	Err      error
}

// Error says how to find out.
func (u *Unknown) Error() string {
	return fmt.Sprintf("no answer after %d attempts, so it is not known whether it was carried out; %s: %v", u.Attempts, u.Repeat, u.Err)
}

// Unwrap is what went wrong in the last attempt.
func (u *Unknown) Unwrap() error { return u.Err }

// maxShown bounds what an error repeats of an answer that is no problem.
const maxShown = 200

// problemOf reads the problem in an answer. Something between may have answered
// instead of skald; then the status is all there is.
func problemOf(response *http.Response, body []byte) *Problem {
	var problem Problem
	if json.Unmarshal(body, &problem) != nil || problem.Code == "" {
		problem = Problem{Code: CodeUnexpectedAnswer, Title: http.StatusText(response.StatusCode)}
		problem.Detail = strings.ToValidUTF8(string(body[:min(len(body), maxShown)]), "")
	}
	problem.Status = response.StatusCode
	return &problem
}
