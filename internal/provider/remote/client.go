package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// operation is one of the calls in the contract. id is its operationId.
type operation struct{ id, method, path string }

var (
	charge        = operation{"charge", http.MethodPost, "/charges"}
	refund        = operation{"refund", http.MethodPost, "/charges/{key}/refund"}
	voidCharge    = operation{"voidCharge", http.MethodPost, "/charges/{key}/void"}
	lookupCharge  = operation{"lookupCharge", http.MethodGet, "/charges/{key}"}
	book          = operation{"book", http.MethodPost, "/bookings"}
	cancel        = operation{"cancel", http.MethodPost, "/bookings/{key}/cancel"}
	voidBooking   = operation{"voidBooking", http.MethodPost, "/bookings/{key}/void"}
	lookupBooking = operation{"lookupBooking", http.MethodGet, "/bookings/{key}"}
)

// call is one use of an operation.
type call struct {
	operation
	key  string
	body any // nil for none
}

const headerKey = "Idempotency-Key"

// client sends calls to one service.
type client struct {
	who      string // for errors: "payment provider at pay.example"
	base     *url.URL
	keys     [][]byte
	timeout  time.Duration
	maxBytes int64
	http     *http.Client
	now      func() time.Time
	idOf     func(operation, string) string // the message ID that is signed
}

func newClient(role string, o Options) (*client, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", role, err)
	}
	o = o.withDefaults()
	base, err := parseBase(o.URL)
	if err != nil {
		return nil, err
	}
	keys, err := o.Secret.keys()
	if err != nil {
		return nil, err
	}
	carrying := *o.Client
	carrying.Jar, carrying.Timeout = nil, 0
	// A redirect would carry a token or an address to where nobody configured it.
	carrying.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{
		who: role + " at " + base.Host, base: base, keys: keys,
		timeout: o.Timeout, maxBytes: o.MaxResponseBytes, http: &carrying, now: time.Now, idOf: messageID,
	}, nil
}

// send makes one attempt. An error means that nothing is known about the
// outcome. It never holds the request, the path of the base URL or the secret.
func (c *client) send(ctx context.Context, call call) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := c.request(ctx, call)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %s: %w", call.id, c.who, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %s: %w", call.id, c.who, withoutURL(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, c.maxBytes+1))
	if err != nil {
		return answer{}, fmt.Errorf("%s: %s: read the answer: %w", call.id, c.who, err)
	}
	if int64(len(body)) > c.maxBytes {
		return answer{}, fmt.Errorf("%s: %s: the answer is longer than %d bytes", call.id, c.who, c.maxBytes)
	}
	return answer{what: call.id + ": " + c.who, status: response.StatusCode, body: body}, nil
}

// keyExpression is what a key may hold: it travels in a header and as a segment
// of a path, and must come out of both as it went in.
var keyExpression = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$`)

var errKey = fmt.Errorf("the key must match %s", keyExpression)

func (c *client) request(ctx context.Context, call call) (*http.Request, error) {
	if !keyExpression.MatchString(call.key) {
		return nil, errKey
	}
	var body []byte
	if call.body != nil {
		var err error
		if body, err = json.Marshal(call.body); err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
	}
	path := strings.Replace(call.path, "{key}", url.PathEscape(call.key), 1)
	request, err := http.NewRequestWithContext(ctx, call.method, strings.TrimRight(c.base.String(), "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, withoutURL(err)
	}
	c.describe(request, call, body)
	return request, nil
}

func (c *client) describe(request *http.Request, call call, body []byte) {
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "skald")
	if call.method == http.MethodPost {
		// It also tells net/http that the request may be sent again when a kept
		// connection turns out to be dead.
		request.Header.Set(headerKey, call.key)
	}
	if call.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if len(c.keys) > 0 {
		sign(request.Header, c.keys, c.idOf(call.operation, call.key), c.now(), body)
	}
}

// withoutURL is err without the URL that net/http puts in front: its path may
// be known to the two sides only.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
