package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// httpAnswer is what a client reads in the answer to a cancel.
type httpAnswer struct {
	Code      int
	Problem   string // its code
	Reason    string
	Status    string // where the order stands
	Cancelled bool   // a cancel is recorded
}

func (d *cancelDesk) post(t *testing.T, orderID, ifMatch string) httpAnswer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL()+"/v1/orders/"+orderID+"/cancel",
		strings.NewReader(`{"reason":"changed my mind"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if ifMatch != "" {
		request.Header.Set("If-Match", ifMatch)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return readAnswer(t, response)
}

func readAnswer(t *testing.T, response *http.Response) httpAnswer {
	t.Helper()
	var body struct {
		Code        string `json:"code"`
		Reason      string `json:"reason"`
		OrderStatus string `json:"order_status"`
		Status      any    `json:"status"` // of an order; in a problem it is a number
		Cancelled   bool   `json:"cancel_requested"`
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		t.Fatalf("answer with status %s: %v", response.Status, err)
	}
	answer := httpAnswer{Code: response.StatusCode, Problem: body.Code, Reason: body.Reason, Status: body.OrderStatus, Cancelled: body.Cancelled}
	if status, ok := body.Status.(string); ok {
		answer.Status = status
	}
	return answer
}

// etag names the order as it is, or nothing if there is none.
func (d *cancelDesk) etag(t *testing.T, orderID string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL()+"/v1/orders/"+orderID, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.Header.Get("ETag")
}

// askByHTTP cancels the order as somebody saw it long ago, as it is, and again in
// the same words, although the cancel has changed the order meanwhile.
func (d *cancelDesk) askByHTTP(t *testing.T, orderID string, stale, want httpAnswer) {
	t.Helper()
	if diff := cmp.Diff(stale, d.post(t, orderID, `"0-1"`)); diff != "" {
		t.Errorf("answer to a cancel of the order as it was (-want +got):\n%s", diff)
	}
	now := d.etag(t, orderID)
	for n := range 2 {
		if diff := cmp.Diff(want, d.post(t, orderID, now)); diff != "" {
			t.Errorf("answer %d to a cancel with If-Match %s (-want +got):\n%s", n+1, now, diff)
		}
	}
}
