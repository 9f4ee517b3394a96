package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// Observer hears of every request when it is answered. It returns soon.
type Observer interface {
	// Request is told the method and the route as the API describes them, never
	// what a client made up: "other" and "none" stand for that.
	Request(method, route string, status int, took time.Duration)
}

// observe tells the observer. It stands outermost, so that refused and cut
// requests count too.
func (g *Gateway) observe(c *gin.Context) {
	if g.options.Observer == nil {
		return
	}
	start := time.Now()
	defer func() { g.options.Observer.Request(method(c), route(c), c.Writer.Status(), time.Since(start)) }()
	c.Next()
}

func method(c *gin.Context) string {
	switch c.Request.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return c.Request.Method
	}
	return "other"
}

// addMetrics serves the metrics to whoever asks, as health is.
func (g *Gateway) addMetrics(api huma.API) {
	if g.options.Metrics == nil {
		return
	}
	text := map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}}
	huma.Register(api, huma.Operation{
		OperationID:        "get-metrics",
		Method:             http.MethodGet,
		Path:               pathMetrics,
		Summary:            "What is there to watch?",
		Description:        "Metrics of this process, and of what all share, in Prometheus' text format.",
		Tags:               []string{"health"},
		SkipValidateParams: true,
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: text},
			"503": {Description: "As many scrapes as the limit allows are under way.", Content: text},
		},
	}, func(context.Context, *struct{}) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			c := humagin.Unwrap(ctx)
			g.options.Metrics.ServeHTTP(c.Writer, c.Request)
		}}, nil
	})
}
