package gateway

import (
	"context"
	"log/slog"
	"mime"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

// HeaderRequestID names a request. A client may give it; it is in the answer,
// in problems and in the log.
const HeaderRequestID = "X-Request-Id"

var requestIDExpression = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

type requestIDKey struct{}

// requestID is the ID that identify gave the request of ctx.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string) // absent only outside a request
	return id
}

// identify takes the client's request ID if it can be logged as it is, and
// makes one otherwise.
func (g *Gateway) identify(c *gin.Context) {
	id := requestIDOf(c.Request)
	c.Header(HeaderRequestID, id)
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestIDKey{}, id))
}

func requestIDOf(r *http.Request) string {
	if id := r.Header.Get(HeaderRequestID); requestIDExpression.MatchString(id) {
		return id
	}
	return newUUID().String()
}

// newUUID is ordered by time, so that what is made together lies together.
func newUUID() uuid.UUID { return uuid.Must(uuid.NewV7()) } // errors only when the system has no randomness

// asksAfterUs reports whether a route is one that machines ask every few seconds
// how this process does: a load balancer, or what collects metrics.
func asksAfterUs(route string) bool {
	return route == pathHealth || route == pathReady || route == pathMetrics
}

// accessLevel keeps their questions out of the usual log.
func accessLevel(route string) slog.Level {
	if asksAfterUs(route) {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// log writes one line per request. It names the route and never the address,
// the query or a body: those may hold personal data.
func (g *Gateway) log(c *gin.Context) {
	start := time.Now()
	defer func() { // also when recover cuts the connection
		level := accessLevel(c.FullPath())
		g.logger.Log(c.Request.Context(), level, "request",
			"method", c.Request.Method, "route", route(c), "status", c.Writer.Status(),
			"bytes", max(c.Writer.Size(), 0), "duration", time.Since(start),
			"client", c.ClientIP(), "request_id", requestID(c.Request.Context()))
	}()
	c.Next()
}

func route(c *gin.Context) string {
	if c.FullPath() == "" {
		return "none"
	}
	return c.FullPath()
}

// recover answers a panic as an internal problem. If the answer has begun, the
// connection is cut instead, so that nobody takes half an answer for a whole.
func (g *Gateway) recover(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if cause != http.ErrAbortHandler { //nolint:errorlint // compared as net/http does: the value itself, panicked
			g.logger.ErrorContext(c.Request.Context(), "panic", "cause", cause, "route", route(c),
				"request_id", requestID(c.Request.Context()), "stack", string(debug.Stack()))
		}
		if cause == http.ErrAbortHandler || c.Writer.Written() { //nolint:errorlint // as above
			panic(http.ErrAbortHandler)
		}
		write(c, internal(c.Request.Method))
	}()
	c.Next()
}

// secure sets what a browser needs to be told about an API that has no pages.
func secure(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Cross-Origin-Resource-Policy", "same-origin")
	c.Header("Cache-Control", "no-store")
}

// connect gives handlers the request's connection. The time of a handler is
// bounded when it has its place, in inPlace.
func connect(c *gin.Context) {
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), connectionKey{}, newConnection(c)))
}

// admitBody refuses by the header what need not be read: a body that is too
// long, or not plain JSON. A missing Content-Type is refused too: a browser
// may send such a request to another site without asking that site first.
func (g *Gateway) admitBody(c *gin.Context) {
	if c.Request.ContentLength == 0 {
		return
	}
	if c.Request.ContentLength > g.options.MaxBodyBytes {
		write(c, tooLarge(g.options.MaxBodyBytes))
		return
	}
	media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || media != "application/json" || c.GetHeader("Content-Encoding") != "" {
		write(c, problem(CodeUnsupportedMedia, "Send the body as application/json, not encoded or compressed."))
	}
}
