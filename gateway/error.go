package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/admission"
)

// refuse turns what the store said into a problem. Every handler's error passes
// here, and nowhere else does an error become an answer. What the client
// cannot have caused is logged.
func (g *Gateway) refuse(ctx context.Context, operation huma.Operation, err error) error {
	if ready, ok := errors.AsType[*Problem](err); ok {
		return ready
	}
	if invalid, ok := errors.AsType[*skald.Invalid](err); ok {
		return invalidProblem(domainViolations(partOf(operation), invalid))
	}
	if p := final(operation, err); p != nil {
		return p
	}
	g.logger.ErrorContext(ctx, "request not answered", "operation", operation.OperationID, "error", err, "request_id", requestID(ctx))
	return advised(unavailable(operation), err)
}

// final is the problem for what the domain will never do, or nil.
func final(operation huma.Operation, err error) *Problem {
	if refused, ok := errors.AsType[*skald.CancelRefused](err); ok {
		return cancelRefused(refused)
	}
	switch {
	case errors.Is(err, skald.ErrNotFound):
		return problem(CodeNotFound, "There is none with this ID. Check the ID; GET %s lists what there is.", listOf(operation.Path))
	case errors.Is(err, skald.ErrKeyReused):
		return problem(CodeKeyReused, "This Idempotency-Key came before with another request. Take a new key for a new request, or repeat the old one unchanged.")
	case errors.Is(err, skald.ErrOrderConflict):
		return problem(CodeOrderConflict, "An order with this id exists and has other content. Leave the id out or take another one; GET /v1/orders/{id} shows the order that has it.")
	case errors.Is(err, skald.ErrPruned):
		return problem(CodePruned, "%s", whatIsPruned(operation))
	case errors.Is(err, skald.ErrChanged):
		return problem(CodeChanged, "The order is no longer as If-Match says, and nothing was carried out. Get the order, look at it, and repeat with its new ETag if you still want to.")
	case errors.Is(err, skald.ErrDecided):
		return problem(CodeDecided, "Somebody decided about this incident before, with another decision_id. Get the incident to see what was decided.")
	case errors.Is(err, ErrFaultsOff):
		return faultsOff()
	case errors.Is(err, ErrFaultTaken):
		return problem(CodeFaultTaken, "A fault rule that has not ended has this name. Give it another name, or remove that one first.")
	case errors.Is(err, ErrDeadLettersBusy):
		return problem(CodeBusy, "Another call is replaying or discarding dead letters, and nothing was carried out. Repeat it when that one has ended.")
	}
	if refused, ok := skald.AsRefused(err); ok {
		return invalidProblem([]Violation{{Field: "body", Message: refused.Message}})
	}
	return nil
}

func whatIsPruned(operation huma.Operation) string {
	if operation.Path == pathEvents {
		return "Events behind this place were removed, because their orders ended long ago. Leave the cursor out, or start with ?from=start, to read on where nothing is missing."
	}
	return "The events of this order were removed, because it ended long ago. GET /v1/orders/{id} still says how it did."
}

// unavailable is honest about a write: the transaction may have committed
// before the answer was lost.
func unavailable(operation huma.Operation) *Problem {
	what := "database"
	if strings.HasPrefix(operation.Path, pathDeadLetters) {
		what = "dead letter topic" // the only thing that is read from Kafka
	}
	p := problem(CodeUnavailable, "The %s did not answer. Nothing was changed; repeat the request after Retry-After seconds.", what)
	if operation.Method != http.MethodGet {
		p.Detail = "The " + what + " did not answer, so it is not known whether the request was carried out. " +
			"Repeat it after Retry-After seconds with the same Idempotency-Key and the same body: it is carried out once."
		p.Outcome = outcomeUnknown
	}
	p.retryAfter = soon()
	return p
}

// internal is as honest about a panic.
func internal(method string) *Problem {
	p := problem(CodeInternal, "This is a bug in skald. Nothing was changed; report the request_id if it happens again.")
	if method != http.MethodGet {
		p.Detail = "This is a bug in skald. It is not known whether the request was carried out: " +
			"repeat it with the same Idempotency-Key, and report the request_id if it happens again."
		p.Outcome = outcomeUnknown
	}
	return p
}

func faultsOff() *Problem {
	return problem(CodeFaultsOff, "The request brings faults along in X-Skald-Fault, and orders may not do so here. Start skald with --faults headers, or leave the header out.")
}

func tooLarge(limit int64) *Problem {
	return problem(CodeTooLarge, "The body may have at most %d bytes. Split the order, or shorten its texts.", limit)
}

// partOf is the part of a request that the domain finds fault with.
func partOf(operation huma.Operation) string {
	if operation.Method == http.MethodGet {
		return "query"
	}
	return "body"
}

// listOf is the list that the thing at path is in.
func listOf(path string) string {
	list, _, _ := strings.Cut(path, "/{")
	return list
}

// fromHuma is the problem for what huma itself refuses: it knows only a status,
// a message and a list of errors. Messages are replaced, because huma's may
// repeat what the client sent, and so are its statuses for bodies that could
// not be read: it takes those for its own fault.
func fromHuma(status int, _ string, errs ...error) huma.StatusError {
	for _, err := range errs {
		if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return tooLarge(tooLong.Limit)
		}
		if errors.Is(err, admission.ErrFull) {
			return overloaded()
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			status = http.StatusBadRequest
		}
	}
	switch status {
	case http.StatusBadRequest:
		return malformed(errs)
	case http.StatusRequestTimeout:
		return problem(CodeTimeout, "The body did not arrive in time and nothing was carried out. Send it again, faster.")
	case http.StatusUnsupportedMediaType:
		return problem(CodeUnsupportedMedia, "Send the body as application/json, not encoded or compressed.")
	case http.StatusUnprocessableEntity:
		return invalidProblem(schemaViolations(errs))
	}
	return internal(http.MethodPost) // huma does not say which; unknown is never wrong
}

func malformed(errs []error) *Problem {
	p := problem(CodeMalformed, "The body is missing, is not one JSON value, or ended early. Nothing was carried out; send it again, whole.")
	for _, violation := range schemaViolations(errs) {
		if violation.Field == "body" { // what a body that cannot be read lacks is noise
			p.Errors = append(p.Errors, violation)
		}
	}
	return p
}

func invalidProblem(violations []Violation) *Problem {
	if lacksKey(violations) {
		p := problem(CodeKeyMissing, "Send an Idempotency-Key header: a name for this request that you choose and keep, so that a repeat is recognised.")
		p.Errors = violations
		return p
	}
	p := problem(CodeInvalid, "Nothing was carried out. Mend everything that errors lists, then send the request again.")
	p.Errors = violations
	return p
}
