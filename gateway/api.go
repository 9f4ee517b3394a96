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
	pathOrders = "/v1/orders"
	pathStock  = "/v1/stock"
	pathHealth = "/healthz"
	pathReady  = "/readyz"
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

// addRoutes describes every route to huma, then serves the description.
func (g *Gateway) addRoutes() error {
	api := humagin.NewWithGroup(g.engine, g.engine.Group("", g.limit, g.admitBody), g.config())
	g.addOrders(api)
	g.addStock(api)
	g.addHealth(api)
	return g.addDescription(api)
}

// config leaves out what huma would do by default: its documentation page
// loads scripts from elsewhere, its schema links change every answer, and its
// handlers for the description fill their cache without a lock.
func (g *Gateway) config() huma.Config {
	config := huma.DefaultConfig("skald", g.options.Version)
	config.Info.Description = "Takes orders and carries each one through stock, payment and shipping. " +
		"A 5xx or a lost connection means that the outcome is unknown: repeat with the same Idempotency-Key."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.RejectUnknownQueryParameters = true // a mistyped filter must not select everything
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

// register adds one operation. Its limits come from the options, and its errors
// pass refuse.
func register[I, O any](g *Gateway, api huma.API, operation huma.Operation, handle func(context.Context, *I) (*O, error)) {
	operation.MaxBodyBytes = -1 // Handler limits it; huma would refuse a body of exactly the limit
	operation.BodyReadTimeout = g.options.ReadTimeout
	operation.Errors = errorsOf(operation)
	huma.Register(api, operation, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, g.refuse(ctx, operation, err)
		}
		return out, nil
	})
}

// errorsOf adds what every operation can answer, and every one with a body.
func errorsOf(operation huma.Operation) []int {
	errs := append(slices.Clone(operation.Errors), http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	if operation.Method == http.MethodPost {
		errs = append(errs, http.StatusBadRequest, http.StatusRequestTimeout,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	slices.Sort(errs)
	return slices.Compact(errs)
}

// addDescription serves the OpenAPI document, rendered once.
func (g *Gateway) addDescription(api huma.API) error {
	asJSON, err := json.MarshalIndent(api.OpenAPI(), "", "  ")
	if err != nil {
		return fmt.Errorf("describe the API as JSON: %w", err)
	}
	asYAML, err := api.OpenAPI().YAML()
	if err != nil {
		return fmt.Errorf("describe the API as YAML: %w", err)
	}
	g.engine.GET("/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/openapi+json", asJSON) })
	g.engine.GET("/openapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/openapi+yaml", asYAML) })
	return nil
}
