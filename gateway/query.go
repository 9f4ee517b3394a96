package gateway

import (
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"
)

// admitQuery refuses a query that selects something else than it seems to. Huma
// takes an empty value for none, so that a script with an unset variable would
// get everything; of a repeated name it reads the first value only; and net/url
// drops what it cannot decode.
func admitQuery(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		asked := ctx.URL()
		if errs := queryErrors(asked.RawQuery, ctx.Operation().Parameters); len(errs) > 0 {
			_ = huma.WriteErr(api, ctx, http.StatusUnprocessableEntity, "", errs...) // the client may be gone
			return
		}
		next(ctx)
	}
}

// queryErrors is everything that is wrong with the form of a query, in the form
// in which huma collects what resolvers find.
func queryErrors(query string, parameters []*huma.Param) []error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return []error{Violation{Field: "query", Message: "must be name=value pairs joined by &, percent-encoded"}.asError()}
	}
	names := map[string]bool{}
	for _, parameter := range parameters {
		names[parameter.Name] = parameter.In == "query"
	}
	var errs []error
	for name, given := range values {
		if message := wrongForm(names[name], given); message != "" {
			errs = append(errs, Violation{Field: "query." + name, Message: message}.asError())
		}
	}
	return errs
}

// wrongForm is what is wrong with one name's values, or empty.
func wrongForm(known bool, values []string) string {
	switch {
	case !known: // a mistyped filter must not select everything
		return messageUnknown
	case len(values) > 1:
		return "is given more than once"
	case values[0] == "":
		return "must not be empty"
	}
	return ""
}
