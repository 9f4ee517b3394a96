package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
)

// ErrDeadLettersBusy is what DeadLetters answers while another call settles
// dead letters.
var ErrDeadLettersBusy = errors.New("dead letters are being settled by another call")

// DeadLetters is what the gateway asks about messages that intake could not
// use. Every method may error with a *skald.Invalid.
type DeadLetters interface {
	// List is newest first. next is the cursor of the next page, empty on the
	// last.
	List(ctx context.Context, query DeadLetterQuery) (letters []DeadLetter, next string, err error)
	// Show errors with skald.ErrNotFound.
	Show(ctx context.Context, id string) (DeadLetterContent, error)
	// Replay puts parked letters back. Its report says what was done also beside
	// an error. It errors with ErrDeadLettersBusy.
	Replay(ctx context.Context, replay DeadLetterReplay) (DeadLetterReport, error)
	// Discard settles letters without putting them back; a repeat changes
	// nothing. It errors with ErrDeadLettersBusy.
	Discard(ctx context.Context, ids []string, actor, reason string) (DeadLetterReport, error)
}

// DeadLetter is a message that intake could not use, without its content.
type DeadLetter struct {
	_ struct{} `additionalProperties:"true"`

	ID            string             `json:"id" example:"0-17" doc:"Partition and offset on the dead letter topic."`
	OrderID       string             `json:"order_id" doc:"The message's key."`
	Reason        string             `json:"reason" enum:"schema,key_mismatch,order_conflict,unknown_order,cancel_refused,start_rejected,unknown"`
	Stage         string             `json:"stage" doc:"What intake was doing."`
	Message       string             `json:"message" doc:"What was wrong. Repeats no value of the message."`
	FirstFailedAt *time.Time         `json:"first_failed_at,omitempty"`
	ParkedAt      time.Time          `json:"parked_at"`
	Attempts      int                `json:"attempts"`
	ReplayCount   int                `json:"replay_count" doc:"How often the message was put back before."`
	Source        DeadLetterSource   `json:"source" doc:"Where intake read it."`
	ValueBytes    int                `json:"value_bytes"`
	State         string             `json:"state" enum:"parked,replayed,discarded"`
	Verdict       *DeadLetterVerdict `json:"verdict,omitempty" doc:"Absent while it is parked."`
}

// DeadLetterSource is a place on a topic.
type DeadLetterSource struct {
	_ struct{} `additionalProperties:"true"`

	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

// DeadLetterVerdict is what was decided about a dead letter.
type DeadLetterVerdict struct {
	_ struct{} `additionalProperties:"true"`

	State  string    `json:"state" enum:"replayed,discarded"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// DeadLetterContent is a dead letter with its content, as it came: it may hold
// names and addresses.
type DeadLetterContent struct {
	DeadLetter

	Key     []byte             `json:"key" doc:"Base64."`
	Value   []byte             `json:"value" doc:"Base64; may be cut, value_bytes says how long it is."`
	Text    string             `json:"text,omitempty" doc:"The value, if it is UTF-8 text."`
	Headers []DeadLetterHeader `json:"headers" doc:"The message's own, and those that intake added."`
}

// DeadLetterHeader is a header of a message.
type DeadLetterHeader struct {
	_ struct{} `additionalProperties:"true"`

	Key   string `json:"key"`
	Value []byte `json:"value" doc:"Base64."`
}

func (g *Gateway) addDeadLetters(api huma.API) {
	if g.options.DeadLetters == nil {
		return
	}
	g.addDeadLetterList(api)
	register(g, api, huma.Operation{
		OperationID: "get-dead-letter",
		Method:      http.MethodGet,
		Path:        pathDeadLetters + "/{id}",
		Summary:     "Get a dead letter with its content",
		Description: "The content is the message as it came: it may hold names and addresses.",
		Tags:        []string{"dead letters"},
		Errors:      []int{http.StatusNotFound},
	}, g.getDeadLetter)
	g.addReplay(api)
	g.addDiscard(api)
}

// getDeadLetterInput has the pattern of every dead letter's ID: as the desk
// writes it, without leading zeros, and so short that it can hold no number
// that Kafka cannot.
type getDeadLetterInput struct {
	ID string `path:"id" pattern:"^(0|[1-9][0-9]{0,8})-(0|[1-9][0-9]{0,17})$" example:"0-17"`
}

type getDeadLetterOutput struct {
	Body DeadLetterContent
}

func (g *Gateway) getDeadLetter(ctx context.Context, in *getDeadLetterInput) (*getDeadLetterOutput, error) {
	letter, err := g.options.DeadLetters.Show(ctx, in.ID)
	if invalid, ok := errors.AsType[*skald.Invalid](err); ok {
		return nil, invalidProblem(domainViolations("path", invalid))
	}
	if err != nil {
		return nil, err
	}
	if utf8.Valid(letter.Value) {
		letter.Text = string(letter.Value)
	}
	if letter.Headers == nil {
		letter.Headers = []DeadLetterHeader{} // our arrays are never null
	}
	return &getDeadLetterOutput{Body: letter}, nil
}
