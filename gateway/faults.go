package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/skald-saga/skald"
)

// What Faults answers besides a *skald.Invalid, whose fields are those of a rule.
var (
	ErrFaultsOff  = errors.New("failure injection is off")
	ErrFaultTaken = errors.New("a fault rule has this name")
)

// Faults is what the gateway asks of failure injection.
type Faults interface {
	// ReadFault reads what an order brings along, and returns what is stored with
	// the order. It errors with ErrFaultsOff when orders may not bring faults.
	ReadFault(header string) (stored string, err error)
	// AddFaults takes all rules of one line, or the one rule that is given as JSON.
	// It errors with ErrFaultTaken.
	AddFaults(ctx context.Context, line string, rule json.RawMessage) ([]Fault, error)
	// ListFaults are the rules that have not ended, and whether all are halted.
	ListFaults(ctx context.Context) (faults []Fault, halted bool, err error)
	// RemoveFault errors with skald.ErrNotFound.
	RemoveFault(ctx context.Context, name string) error
	// HaltFaults stops every fault in this process at once, also when it errs,
	// and in all others soon when it does not.
	HaltFaults(ctx context.Context) error
	ResumeFaults(ctx context.Context) error
	// FaultLog is newest first.
	FaultLog(ctx context.Context, query FaultQuery) ([]FaultFired, error)
	// Strike stands around the whole API, and answers what it does not let through
	// with answer. Headers that may not be there are next's to refuse.
	Strike(next http.Handler, answer FaultAnswer) http.Handler
}

// FaultAnswer answers a request that a fault kept from being carried out.
type FaultAnswer func(w http.ResponseWriter, r *http.Request, status int, detail string, retryAfter time.Duration)

const fieldFault = "header." + skald.HeaderHTTPFault

// Fault is a rule, and how it does.
type Fault struct {
	_ struct{} `additionalProperties:"true"`

	Name  string    `json:"name"`
	Line  string    `json:"line" example:"charge_payment/after=20%3*abort(unavailable)->off" doc:"The rule on one line."`
	Until time.Time `json:"until" doc:"When it ends."`
	Fired int64     `json:"fired" doc:"How often it has, in all processes together."`
	Rule  FaultRule `json:"rule"`
}

// FaultList is every rule that has not ended.
type FaultList struct {
	_ struct{} `additionalProperties:"true"`

	Faults []Fault `json:"faults" doc:"In the order in which they are asked."`
	Halted bool    `json:"halted" doc:"No fault fires until a resume, whatever rules there are."`
}

func (g *Gateway) addFaults(api huma.API) {
	if g.options.Faults == nil {
		return
	}
	register(g, api, huma.Operation{
		OperationID:   "add-fault",
		Method:        http.MethodPost,
		Path:          pathFaults,
		Summary:       "Add a fault rule",
		Description:   "It reaches every process within about a second, and ends after its ttl. Either line or the rule's fields.",
		Tags:          []string{"failure injection"},
		DefaultStatus: http.StatusCreated,
		Errors:        []int{http.StatusConflict},
	}, g.addFault)
	register(g, api, huma.Operation{
		OperationID: "list-faults",
		Method:      http.MethodGet,
		Path:        pathFaults,
		Summary:     "List the fault rules that have not ended",
		Tags:        []string{"failure injection"},
	}, g.listFaults)
	register(g, api, huma.Operation{
		OperationID:   "remove-fault",
		Method:        http.MethodDelete,
		Path:          pathFaults + "/{name}",
		Summary:       "Remove a fault rule",
		Description:   "Who hangs or waits because of it goes on.",
		Tags:          []string{"failure injection"},
		DefaultStatus: http.StatusNoContent,
		Errors:        []int{http.StatusNotFound},
	}, g.removeFault)
	g.addFaultSwitch(api)
	g.addFaultLog(api)
}

type addFaultInput struct {
	Body NewFault
}

type faultsOutput struct {
	Body FaultList
}

// addFault hands the fields on as JSON: what a rule may say is not the gateway's
// to know.
func (g *Gateway) addFault(ctx context.Context, in *addFaultInput) (*faultsOutput, error) {
	rule, err := in.Body.rule()
	if err != nil {
		return nil, err
	}
	faults, err := g.options.Faults.AddFaults(ctx, in.Body.Line, rule)
	if err != nil {
		return nil, err
	}
	return &faultsOutput{Body: FaultList{Faults: faults}}, nil
}

func (g *Gateway) listFaults(ctx context.Context, _ *struct{}) (*faultsOutput, error) {
	faults, halted, err := g.options.Faults.ListFaults(ctx)
	if err != nil {
		return nil, err
	}
	if faults == nil {
		faults = []Fault{} // our arrays are never null
	}
	return &faultsOutput{Body: FaultList{Faults: faults, Halted: halted}}, nil
}

type removeFaultInput struct {
	Name string `path:"name" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
}

func (g *Gateway) removeFault(ctx context.Context, in *removeFaultInput) (*struct{}, error) {
	return nil, g.options.Faults.RemoveFault(ctx, in.Name)
}

// refuseFaults answers every request that brings faults along and may not: one
// that is silently ignored makes a test pass for nothing.
func (g *Gateway) refuseFaults(c *gin.Context) {
	values := c.Request.Header.Values(skald.HeaderHTTPFault)
	switch places := c.Request.Method == http.MethodPost && c.Request.URL.Path == pathOrders; {
	case len(values) == 0 || c.FullPath() == "": // there is no such address or method, which says more
	case g.options.Faults == nil:
		write(c, faultsOff())
	case !places:
		write(c, problem(CodeFaultsOff, "Only a new order, POST %s, brings faults along. Leave the header X-Skald-Fault out.", pathOrders))
	case len(values) > 1 || values[0] == "":
		write(c, invalidProblem([]Violation{{Field: fieldFault, Message: "must be given once and not be empty; write ; between rules"}}))
	}
}

// readFault checks what the header asks for.
func (in *placeInput) readFault(faults Faults) error {
	if in.Fault == "" {
		return nil
	}
	stored, err := faults.ReadFault(in.Fault) // there is somebody to ask, or refuseFaults had answered
	if invalid, ok := errors.AsType[*skald.Invalid](err); ok {
		return invalidProblem(domainViolations(fieldFault, invalid))
	}
	in.carried = stored
	return err
}

// answerInjected stands outside of gin, whose engine the request never reached.
func answerInjected(w http.ResponseWriter, r *http.Request, status int, detail string, retryAfter time.Duration) {
	id := requestIDOf(r)
	p := problem(CodeInjected, "%s", detail)
	p.Status, p.retryAfter = status, retryAfter
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set(HeaderRequestID, id)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(status)
	_ = encode(w, p.stamped(id)) // strings and integers always encode
}
