package gateway

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/feed"
)

// MaxWait bounds Prefer: wait. More is shortened, and Preference-Applied says to
// what.
const MaxWait = 30 * time.Second

// await waits for the end of the order that now describes, as long as the
// client of ctx prefers, and returns the order as it is then. applied is empty
// when the order has not ended, or the client did not ask. It never fails: the
// request was carried out already, and the preference is only one. So it does
// not wait either when MaxWaits others do, or the server stops.
func (g *Gateway) await(ctx context.Context, now skald.OrderState) (then skald.OrderState, applied string) {
	conn := connectionOf(ctx)
	wait := preferredWait(conn.request.Header.Values("Prefer")) // it may come in several lines
	if wait == 0 || g.options.Feed == nil {
		return now, ""
	}
	if !now.Status.Final() && !conn.stopping() && take(g.waits) {
		defer func() { <-g.waits }()
		leavePlace(ctx)
		conn.allow(wait + 2*g.options.HandlerTimeout)
		if then, ok := g.awaitEnd(conn, now.ID, wait); ok {
			now = then
		}
	}
	if !now.Status.Final() {
		return now, ""
	}
	return now, fmt.Sprintf("wait=%d", int(wait.Seconds()))
}

// awaitEnd listens first and then looks: an order that ends between the two is
// seen by the look, one that ends later is heard. What it hears is a hint; the
// store's word counts, and is asked once more when the time is over, because an
// end that Kafka has not acknowledged yet is not heard.
func (g *Gateway) awaitEnd(conn *connection, orderID string, wait time.Duration) (skald.OrderState, bool) {
	open, cancel := conn.open()
	defer cancel()
	waiting, stop := context.WithTimeout(open, wait)
	defer stop()
	heard, err := g.listen(waiting, orderID)
	if err != nil {
		g.logger.WarnContext(waiting, "cannot wait for an order", "error", err, "request_id", requestID(waiting))
		return skald.OrderState{}, false
	}
	defer heard.Close()
	if now, ok := g.look(conn, orderID); ok && now.Status.Final() {
		return now, true
	}
	for ended := false; !ended; {
		event, err := heard.Next(waiting)
		ended = err != nil || event.Event.Kind.Final()
	}
	return g.look(conn, orderID)
}

// listen and look read like any other request, in their place.
func (g *Gateway) listen(ctx context.Context, orderID string) (heard *feed.Subscription, err error) {
	err = g.inPlace(ctx, g.doors.places.reads, func(ctx context.Context) error {
		heard, err = g.options.Feed.Subscribe(ctx, feed.Now, orderID)
		return err
	})
	return heard, err
}

func (g *Gateway) look(conn *connection, orderID string) (now skald.OrderState, ok bool) {
	ctx := conn.request.Context()
	err := g.inPlace(ctx, g.doors.places.reads, func(ctx context.Context) (err error) {
		now, err = g.orders.Order(ctx, orderID)
		return err
	})
	if err != nil && conn.request.Context().Err() == nil {
		g.logger.WarnContext(ctx, "cannot look at an order that was waited for", "error", err, "request_id", requestID(ctx))
	}
	return now, err == nil
}

// take takes a token if there is one.
func take(tokens chan<- struct{}) bool {
	select {
	case tokens <- struct{}{}:
		return true
	default:
		return false
	}
}

// statusOf is the status of an answer with this Preference-Applied.
func statusOf(applied string) int {
	if applied == "" {
		return http.StatusAccepted
	}
	return http.StatusOK
}

// waited describes the answer with a final order.
func waited(api huma.API) *huma.Response {
	order := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Order](), true, "")
	return &huma.Response{
		Description: "The final order, because Prefer asked to wait for it.",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: order}},
	}
}

// preferredWait is the wait that the lines of a Prefer header ask for, or 0. The
// first counts. What cannot be understood is no error: it is only preferred.
func preferredWait(lines []string) time.Duration {
	for preference := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		preference, _, _ = strings.Cut(preference, ";")
		name, value, _ := strings.Cut(preference, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
		if err != nil {
			return 0
		}
		return min(time.Duration(seconds)*time.Second, MaxWait)
	}
	return 0
}
