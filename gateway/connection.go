package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// connection is what a handler needs that goes on when HandlerTimeout is over:
// one that waits for an order's end, or tells events as they come.
type connection struct {
	request *http.Request // its context ends with the client or the server, and not before
	control *http.ResponseController
}

type (
	connectionKey struct{}
	stoppingKey   struct{}
)

// connectionOf is the connection of a request that passed connect.
func connectionOf(ctx context.Context) *connection {
	c, _ := ctx.Value(connectionKey{}).(*connection) // every route of the API passes connect
	return c
}

// newConnection speaks to net/http's own writer, because gin's does not tell
// whether a flush succeeded.
func newConnection(c *gin.Context) *connection {
	var writer http.ResponseWriter = c.Writer
	if wrapped, ok := writer.(interface{ Unwrap() http.ResponseWriter }); ok {
		writer = wrapped.Unwrap()
	}
	return &connection{request: c.Request, control: http.NewResponseController(writer)}
}

// open lasts as long as the client stays and the server is not told to stop.
func (c *connection) open() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(c.request.Context())
	stopping, ok := ctx.Value(stoppingKey{}).(context.Context)
	if !ok { // not served by Serve
		return ctx, cancel
	}
	detach := context.AfterFunc(stopping, cancel)
	return ctx, func() {
		detach()
		cancel()
	}
}

// stopping reports whether Serve was told to stop.
func (c *connection) stopping() bool { return stopping(c.request.Context()) }

// stopping reports whether the Serve that answers the request of ctx was told to
// stop.
func stopping(ctx context.Context) bool {
	stopping, ok := ctx.Value(stoppingKey{}).(context.Context)
	return ok && stopping.Err() != nil
}

// allow moves the server's deadlines for reading the request and writing the
// answer. The first matters too: net/http listens to the client while a handler
// runs, and takes the end of ReadTimeout for the end of the client. A server
// that knows no deadlines has none to move.
func (c *connection) allow(longer time.Duration) {
	deadline := time.Now().Add(longer)
	_ = c.control.SetReadDeadline(deadline)
	_ = c.control.SetWriteDeadline(deadline)
}
