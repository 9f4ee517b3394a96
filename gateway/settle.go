package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
)

// replayTimeout bounds one replay. What is left then is told as more.
const replayTimeout = time.Minute

// NewReplay is the body of POST /v1/dead-letters/replay.
type NewReplay struct {
	IDs    []string          `json:"ids,omitempty" minItems:"1" maxItems:"200" pattern:"^(0|[1-9][0-9]{0,8})-(0|[1-9][0-9]{0,17})$" doc:"Which letters; or filter."`
	Filter *DeadLetterFilter `json:"filter,omitempty" doc:"Which parked letters; {} is all of them. Or ids."`
	DryRun bool              `json:"dry_run,omitempty" doc:"Say what would be done, and do nothing."`
	Max    int               `json:"max,omitempty" minimum:"1" maximum:"100000" default:"1000" doc:"How many go back at most."`
	Rate   float64           `json:"rate,omitempty" minimum:"0.01" maximum:"10000" default:"50" doc:"How many go back each second."`
	Cap    int               `json:"cap,omitempty" minimum:"1" maximum:"100" default:"3" doc:"After how many replays a message stays parked."`
	Actor  string            `json:"actor,omitempty" maxLength:"128" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" example:"egil" doc:"Who decided, in at most 128 bytes of UTF-8. Needed unless dry_run."`
	Reason string            `json:"reason,omitempty" maxLength:"500" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" doc:"Why, in at most 500 bytes of UTF-8."`
}

// DeadLetterFilter selects parked letters.
type DeadLetterFilter struct {
	Reason  string    `json:"reason,omitempty" enum:"schema,key_mismatch,order_conflict,unknown_order,cancel_refused,start_rejected,unknown"`
	OrderID string    `json:"order_id,omitempty" minLength:"1" maxLength:"200" pattern:"^[^\\x00]*$" doc:"The message's key."`
	Since   time.Time `json:"since,omitzero" doc:"Parked then or later."`
	Until   time.Time `json:"until,omitzero" doc:"Parked before."`
}

// NewDiscard is the body of POST /v1/dead-letters/discard.
type NewDiscard struct {
	IDs    []string `json:"ids" minItems:"1" maxItems:"200" pattern:"^(0|[1-9][0-9]{0,8})-(0|[1-9][0-9]{0,17})$" example:"0-17"`
	Actor  string   `json:"actor" minLength:"1" maxLength:"128" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" example:"egil" doc:"Who decided, in at most 128 bytes of UTF-8."`
	Reason string   `json:"reason" minLength:"1" maxLength:"500" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" example:"a test" doc:"Why, in at most 500 bytes of UTF-8."`
}

// DeadLetterReplay is what DeadLetters puts back, and how.
type DeadLetterReplay struct {
	IDs           []string
	Query         DeadLetterQuery // instead of IDs
	DryRun        bool
	Max           int
	RatePerSecond float64
	Cap           int
	Actor, Reason string
}

// DeadLetterReport says what a replay or a discard did, or would do.
type DeadLetterReport struct {
	_ struct{} `additionalProperties:"true"`

	DryRun    bool                `json:"dry_run"`
	Planned   int                 `json:"planned" doc:"Letters that were chosen and not skipped."`
	Replayed  int                 `json:"replayed"`
	Discarded int                 `json:"discarded"`
	Reasons   []DeadLetterCount   `json:"reasons" doc:"The same by the letters' reasons."`
	Skipped   []DeadLetterSkipped `json:"skipped" doc:"What was chosen and left as it is."`
	More      bool                `json:"more" doc:"max or a minute ended the replay: the same call goes on."`
}

// DeadLetterCount is a line of a report.
type DeadLetterCount struct {
	_ struct{} `additionalProperties:"true"`

	Reason    string `json:"reason"`
	Planned   int    `json:"planned"`
	Replayed  int    `json:"replayed"`
	Discarded int    `json:"discarded"`
}

// DeadLetterSkipped says how many letters of one reason were left, and why.
type DeadLetterSkipped struct {
	_ struct{} `additionalProperties:"true"`

	Why     string   `json:"why" enum:"replay_cap,too_large,already_replayed,already_discarded,not_found"`
	Reason  string   `json:"reason,omitempty"`
	Count   int      `json:"count"`
	Letters []string `json:"letters" doc:"IDs; the first of them."`
}

func (g *Gateway) addReplay(api huma.API) {
	register(g, api, huma.Operation{
		OperationID: "replay-dead-letters",
		Method:      http.MethodPost,
		Path:        pathDeadLetters + "/replay",
		Summary:     "Put dead letters back",
		Description: "Each goes back once, whatever happens meanwhile; a repeat passes over those that are settled. Takes up to a minute.",
		Tags:        []string{"dead letters"},
		Errors:      []int{http.StatusConflict},
	}, g.replay)
	g.only(pathDeadLetters+"/replay", http.MethodPost, http.MethodGet)
}

func (g *Gateway) addDiscard(api huma.API) {
	register(g, api, huma.Operation{
		OperationID: "discard-dead-letters",
		Method:      http.MethodPost,
		Path:        pathDeadLetters + "/discard",
		Summary:     "Discard dead letters",
		Description: "Settles them without putting them back. Kafka keeps their content as long as it keeps the topic. A repeat changes nothing.",
		Tags:        []string{"dead letters"},
		Errors:      []int{http.StatusConflict},
	}, g.discard)
	g.only(pathDeadLetters+"/discard", http.MethodPost, http.MethodGet)
}

type replayInput struct {
	Body NewReplay
}

// Resolve adds what the schema cannot say.
func (in *replayInput) Resolve(huma.Context) []error {
	var errs []error
	if (len(in.Body.IDs) == 0) == (in.Body.Filter == nil) {
		errs = append(errs, Violation{Field: "body.ids", Message: "must be given, or filter instead"}.asError())
	}
	if !in.Body.DryRun && in.Body.Actor == "" {
		errs = append(errs, Violation{Field: "body.actor", Message: "is required unless dry_run"}.asError())
	}
	return errs
}

func (in *replayInput) replay() DeadLetterReplay {
	replay := DeadLetterReplay{
		IDs: in.Body.IDs, DryRun: in.Body.DryRun, Max: in.Body.Max, RatePerSecond: in.Body.Rate,
		Cap: in.Body.Cap, Actor: in.Body.Actor, Reason: in.Body.Reason,
	}
	if filter := in.Body.Filter; filter != nil {
		replay.Query = DeadLetterQuery{Reason: filter.Reason, OrderID: filter.OrderID, Since: filter.Since, Until: filter.Until}
	}
	return replay
}

type reportOutput struct {
	Body DeadLetterReport
}

// replay outlasts HandlerTimeout: a rate takes its time. It ends with the
// client, who can go on with the same call.
func (g *Gateway) replay(ctx context.Context, in *replayInput) (*reportOutput, error) {
	conn := connectionOf(ctx)
	conn.allow(replayTimeout + 2*g.options.HandlerTimeout)
	open, cancel := conn.open()
	defer cancel()
	running, stop := context.WithTimeout(open, replayTimeout)
	defer stop()
	report, err := g.options.DeadLetters.Replay(running, in.replay())
	if err != nil && running.Err() != nil {
		report.More, err = true, nil
	}
	return settled(report, err)
}

type discardInput struct {
	Body NewDiscard
}

func (g *Gateway) discard(ctx context.Context, in *discardInput) (*reportOutput, error) {
	report, err := g.options.DeadLetters.Discard(ctx, in.Body.IDs, in.Body.Actor, in.Body.Reason)
	return settled(report, err)
}

// settled is the answer to a call that settles letters. Invalid and busy are
// told as such; any other error leaves some letters settled and some not.
func settled(report DeadLetterReport, err error) (*reportOutput, error) {
	if _, wrong := errors.AsType[*skald.Invalid](err); wrong {
		return nil, err
	}
	if err != nil {
		return nil, &lost{advice: "It is not known how many letters were settled. Repeat the request after Retry-After seconds: those that are settled are passed over.", err: err}
	}
	if report.Reasons == nil {
		report.Reasons = []DeadLetterCount{}
	}
	if report.Skipped == nil {
		report.Skipped = []DeadLetterSkipped{}
	}
	return &reportOutput{Body: report}, nil
}
