package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// Paths of the API.
const (
	pathOrders      = "/v1/orders"
	pathEvents      = "/v1/events"
	pathStock       = "/v1/stock"
	pathIncidents   = "/v1/incidents"
	pathDeadLetters = "/v1/dead-letters"
	pathFaults      = "/v1/faults"
	pathHealth      = "/healthz"
	pathReady       = "/readyz"
	pathMetrics     = "/metrics"
	pathDocs        = "/docs"
	pathProblems    = "/problems"
	pathSchemas     = "/schemas"
)

// configureLibraries sets what gin and huma keep in package variables. The
// gateway is their only user in this program. Once, because a second gateway
// in the same process (as in tests) would race with the first one's requests.
var configureLibraries = sync.OnceFunc(func() {
	gin.SetMode(gin.ReleaseMode)      // no debug prints on stdout
	huma.NewError = fromHuma          // our problems, and no echo of rejected values
	huma.DefaultArrayNullable = false // our arrays are never null
	huma.ValidateStrictCasing = true  // "ID" is not "id": otherwise two names would meet in one field
})

// addRoutes describes every route to huma, then serves the description and the
// pages made from it.
func (g *Gateway) addRoutes() error {
	api := humagin.NewWithGroup(g.engine, g.engine.Group("", connect, g.admitBody, g.countBody), g.config())
	g.addHealth(api)
	g.addMetrics(api)
	g.addDescription(api)
	if g.options.HealthOnly {
		return nil
	}
	g.addOrders(api)
	g.addCancels(api)
	g.addEvents(api)
	g.addStock(api)
	g.addIncidents(api)
	g.addDeadLetters(api)
	g.addFaults(api)
	g.addSchemas()
	return g.addPages(api)
}

// config leaves out what huma would do by default: its documentation page
// loads scripts from elsewhere, its schema links change every answer, and its
// handlers for the description fill their cache without a lock.
func (g *Gateway) config() huma.Config {
	config := huma.DefaultConfig("skald", g.options.Version)
	config.Info.Description = "Takes orders and carries each one through stock, payment and shipping. " +
		"outcome in every problem says whether it was carried out: not_accepted, no; unknown, perhaps, as after a lost connection. " +
		"Repeat with the same Idempotency-Key, and it is carried out once."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	format := huma.Format{Marshal: encode, Unmarshal: decodeStrict}
	config.Formats = map[string]huma.Format{"application/json": format, "json": format} // "json": what huma makes of problem+json
	config.Transformers = []huma.Transformer{stamp}
	return config
}

// encode errors only when v cannot be encoded, a bug. A write that fails is a
// client that went away or reads too slowly: nobody is left to tell, and huma
// would panic over it.
func encode(w io.Writer, v any) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, _ = w.Write(body.Bytes())
	return nil
}

// stamp puts the request's ID into every problem, whoever made it.
func stamp(ctx huma.Context, _ string, body any) (any, error) {
	if p, ok := body.(*Problem); ok {
		return p.stamped(requestID(ctx.Context())), nil
	}
	return body, nil
}

// register adds one operation. Its limits come from the options, its query passes
// admitQuery, it is worked on in one of its places, and its errors pass refuse.
func register[I, O any](g *Gateway, api huma.API, operation huma.Operation, handle func(context.Context, *I) (*O, error)) {
	operation.MaxBodyBytes = -1 // Handler limits it; huma would refuse a body of exactly the limit
	operation.BodyReadTimeout = g.options.ReadTimeout
	operation.Errors = errorsOf(operation)
	places := g.doors.places.of(operation)
	operation.Middlewares = huma.Middlewares{turnAway(places), admitQuery(api)}
	huma.Register(api, operation, func(ctx context.Context, in *I) (out *O, err error) {
		err = g.inPlace(ctx, places, func(ctx context.Context) error {
			out, err = handle(ctx, in)
			return err
		})
		if err != nil {
			return nil, g.refuse(ctx, operation, err)
		}
		return out, nil
	})
}

// errorsOf adds what every operation can answer, and every one with a body.
func errorsOf(operation huma.Operation) []int {
	errs := append(slices.Clone(operation.Errors), http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	if operation.Method == http.MethodPost {
		errs = append(errs, http.StatusBadRequest, http.StatusRequestTimeout,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	slices.Sort(errs)
	return slices.Compact(errs)
}

// addDescription serves the OpenAPI document, rendered when it is first asked
// for: that takes longer than everything else about a new gateway.
func (g *Gateway) addDescription(api huma.API) {
	g.engine.GET("/openapi.json", g.describe("application/openapi+json", func() ([]byte, error) {
		return json.MarshalIndent(api.OpenAPI(), "", "  ")
	}))
	g.engine.GET("/openapi.yaml", g.describe("application/openapi+yaml", api.OpenAPI().YAML))
}

func (g *Gateway) describe(media string, render func() ([]byte, error)) gin.HandlerFunc {
	rendered := sync.OnceValues(render)
	return func(c *gin.Context) {
		description, err := rendered()
		if err != nil {
			panic(fmt.Sprintf("describe the API as %s: %v", media, err)) // it is the same for everyone: a bug
		}
		c.Data(http.StatusOK, media, description)
	}
}
