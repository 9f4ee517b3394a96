package doctor

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Provider is a payment provider or carrier of somebody's own.
type Provider struct {
	Kind string // "payment" or "carrier"
	URL  string
}

// callTime is how long a provider may take.
const callTime = 5 * time.Second

// askProviders only finds out whether somebody answers: skald provider check
// judges the answers, but books and charges.
func (d *Doctor) askProviders() []question {
	var questions []question
	for _, provider := range d.o.Providers {
		c := check{provider.Kind, "reachable"}
		questions = append(questions, question{c, func(ctx context.Context) ([]Finding, error) {
			return []Finding{provider.judge(ctx, c)}, nil
		}})
	}
	return questions
}

func (p Provider) judge(ctx context.Context, c check) Finding {
	status, err := p.knock(ctx)
	check := fmt.Sprintf("skald provider check %s --kind %s, in its test mode, judges its answers", p.URL, p.Kind)
	switch {
	case err != nil:
		return c.fail(err.Error(), "Steps that need it are tried again until patience ends; then orders are undone.", "bring it up, or correct its address")
	case status >= http.StatusInternalServerError:
		return c.warn(fmt.Sprintf("it answers %d", status), "Something is wrong with it, or with what is in front of it.", check)
	}
	return c.ok("it answers %d; %s", status, check)
}

// knock asks for the base URL, where a provider need have nothing, and follows
// nowhere.
func (p Provider) knock(ctx context.Context) (status int, err error) {
	client := http.Client{
		Timeout:       callTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, nil)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}
