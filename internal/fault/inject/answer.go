package inject

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/skald-saga/skald/internal/fault"
)

// recorded is an answer that may get lost.
type recorded struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *recorded) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *recorded) WriteHeader(status int) {
	if !a.wrote && status >= http.StatusOK {
		a.status, a.wrote = status, true
	}
}

// Write implements http.ResponseWriter.
func (a *recorded) Write(data []byte) (int, error) {
	a.wrote = true
	return a.body.Write(data)
}

func (a *recorded) copyTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = a.body.WriteTo(w) // a client that is gone needs no answer
}

type readCloser struct {
	io.Reader
	io.Closer
}

// refuse answers what a gateway in trouble answers. After the order was stored,
// and when the client has gone, there is no answer: the connection is cut.
func (g *struckGateway) refuse(w http.ResponseWriter, r *http.Request, injected *fault.Error) {
	if injected.Phase == fault.After || injected.Abort.Error == "" {
		panic(http.ErrAbortHandler)
	}
	status := map[fault.ErrorName]int{
		fault.Timeout: http.StatusGatewayTimeout, fault.ResourceExhausted: http.StatusTooManyRequests,
		fault.Internal: http.StatusInternalServerError, fault.Conflict: http.StatusConflict,
	}[injected.Abort.Error]
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	g.answer(w, r, status, injected.Error()+"; the order was not accepted", injected.RetryAfter())
}

// problem writes an RFC 9457 problem.
func problem(w http.ResponseWriter, _ *http.Request, status int, detail string, retryAfter time.Duration) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retryAfter.Seconds()))))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that is gone needs no answer
		"type": "about:blank", "title": http.StatusText(status), "status": status, "code": "fault_injection", "detail": detail,
	})
}
