package gateway

import (
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// eitherOutput is an answer that is JSON or a stream, as Accept asks.
type eitherOutput struct {
	Link string `header:"Link" doc:"In JSON, rel=\"next\": the next page; absent on the last."`
	Body func(huma.Context)
}

// asJSON answers body.
func asJSON(body any) *eitherOutput {
	return &eitherOutput{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", "application/json")
		ctx.SetHeader("Vary", "Accept")
		ctx.SetStatus(http.StatusOK)
		if err := encode(ctx.BodyWriter(), body); err != nil {
			panic(fmt.Sprintf("encode answer: %v", err)) // as huma does
		}
	}}
}

// nothingFollows answers a client that resumes a stream which is complete. 204
// is how a browser is told not to reconnect (WHATWG HTML, section 9.2).
func nothingFollows() *eitherOutput {
	return &eitherOutput{Body: func(ctx huma.Context) { ctx.SetStatus(http.StatusNoContent) }}
}

// eitherResponses describes an operation that answers T or a stream of events.
func eitherResponses[T any](api huma.API) map[string]*huma.Response {
	schemas := api.OpenAPI().Components.Schemas
	schemas.Schema(reflect.TypeFor[Dropped](), true, "")
	return map[string]*huma.Response{
		"200": {
			Description: "OK",
			Content: map[string]*huma.MediaType{
				"application/json": {Schema: schemas.Schema(reflect.TypeFor[T](), true, "")},
				mediaStream: {
					Schema: &huma.Schema{
						Type:        huma.TypeString,
						Description: "Server-sent events: id, event (the kind) and data (an Event as JSON on one line). A comment at least every 15 seconds. If the stream ends early, a last event named dropped has a Dropped as data.",
					},
					Example: "retry: 2000\n\nid: 2\nevent: stock.reserved\ndata: {\"id\":\"…\",\"kind\":\"stock.reserved\",\"subject\":\"order-1\",\"sequence\":2,\"time\":\"2026-01-31T12:00:00Z\",\"data\":{}}\n\n",
				},
			},
		},
	}
}
