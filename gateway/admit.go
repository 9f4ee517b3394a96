package gateway

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/skald-saga/skald/internal/admission"
)

// freeBody is what each body may hold outside of MaxBodyMemory: more than an
// order of usual length has.
const freeBody = 16 << 10

// doors are what every request passes before anything is done for it.
type doors struct {
	open   *admission.Counts // requests; over HTTP/1.1 its limits are those of connections
	rates  *admission.Rates  // nil without Limits.Rate
	bodies *admission.Memory
	places places
}

func newDoors(l Limits, proxies []netip.Prefix) doors {
	d := doors{
		open:   admission.NewCounts(l.MaxConnections, l.MaxConnectionsPerClient, proxies),
		bodies: admission.NewMemory(l.MaxBodyMemory, freeBody),
		places: newPlaces(l),
	}
	if l.Rate > 0 {
		d.rates = admission.NewRates(l.Rate, l.Burst, l.MaxClients)
	}
	return d
}

// admit refuses a client that asks too often or has too much open. It lets
// health checks pass: whoever refuses those is restarted, which helps nobody. So
// it does scrapes: numbers are wanted most when there is too much to do.
func (g *Gateway) admit(c *gin.Context) {
	if asksAfterUs(c.FullPath()) {
		return
	}
	client := clientOf(c)
	if after, ok := g.doors.rates.Ask(client); !ok {
		write(c, tooManyRequests(after))
		return
	}
	leave, err := g.doors.open.Enter(client)
	switch {
	case errors.Is(err, admission.ErrClientFull):
		write(c, tooManyRequests(time.Second))
		return
	case err != nil:
		write(c, overloaded())
		return
	}
	defer leave()
	c.Next()
}

// clientOf is who sent the request: the peer, or whom a trusted proxy names.
func clientOf(c *gin.Context) netip.Addr {
	address, err := netip.ParseAddr(c.ClientIP())
	if err != nil { // no IP address: they are all one client
		return netip.Addr{}
	}
	return address
}

// countBody makes the request's body draw from the memory for bodies.
func (g *Gateway) countBody(c *gin.Context) {
	body := g.doors.bodies.Body(c.Request.Body)
	defer body.Release()
	c.Request.Body = body
	c.Next()
}

// overloaded is the problem of a request that came when there was too much to
// do. Nothing was done for it.
func overloaded() *Problem {
	p := problem(CodeOverloaded, "The server has as much to do as it can. Nothing was carried out; repeat the request unchanged after Retry-After seconds.")
	p.retryAfter = soon()
	return p
}

func tooManyRequests(after time.Duration) *Problem {
	p := problem(CodeTooManyRequests, "You have sent more requests than one client may. Nothing was carried out; repeat the request unchanged after Retry-After seconds.")
	p.retryAfter = max(after, time.Second)
	return p
}

// soon is what a client is told to wait when it is not its own fault: long enough
// for a lock or a restarting database, short enough to be used, and not the same
// for all, so that they do not come back together.
func soon() time.Duration {
	return time.Second + rand.N(3*time.Second) //nolint:gosec // spreading needs no secrecy
}
