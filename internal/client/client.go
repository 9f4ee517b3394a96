// Package client speaks skald's HTTP API: it places and cancels orders, receives
// stock, decides incidents, settles dead letters, and reads or follows what
// became of it all.
//
// Its wire structs are its own, written from the API's description and not
// shared with the gateway, so that a test with this client sees what any other
// program would see.
//
// A request whose outcome is unknown (the connection broke, a 5xx came back) is
// repeated a few times. That is safe, because a write carries an
// Idempotency-Key and the repeat carries the same one, or is carried out once
// by its nature; where neither is so, it is not repeated. What the API refuses
// is a *Problem; a server that nobody can reach is an *Unreachable; a write of
// which nobody knows whether it happened is an *Unknown, which says how to
// repeat it by hand.
package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Defaults and limits of Options.
const (
	DefaultServer   = "http://127.0.0.1:8080"
	DefaultTimeout  = 15 * time.Second
	DefaultAttempts = 4
	DefaultPause    = 200 * time.Millisecond
	DefaultSilence  = 45 * time.Second // three heartbeats
	DefaultIdle     = 16

	MaxAttempts = 20
	maxTimeout  = 10 * time.Minute
	maxIdle     = 10_000
	maxPause    = 5 * time.Second // also for what Retry-After asks
)

// MaxAnswerBytes bounds what is read of one answer. A page of 200 orders with
// 100 items each stays well below it.
const MaxAnswerBytes = 16 << 20

// Options say whom a Client talks to. A zero field means its documented
// default.
type Options struct {
	Server   string            // base URL; default DefaultServer
	Timeout  time.Duration     // of one attempt; default 15 s, at most 10 min
	Attempts int               // of one request; default 4, at most 20
	Pause    time.Duration     // before the second attempt, doubled each time up to 5 s; default 200 ms
	Silence  time.Duration     // after which a stream counts as broken, heartbeats included; default 45 s, at most 10 min
	Idle     int               // connections kept for the next requests; default 16, at most 10,000
	TLS      *tls.Config       // of an https:// server; default the system's authorities, and no certificate
	Wire     http.RoundTripper // default: a transport of this Client's own, without any proxy
}

// Client calls one server. It is safe for concurrent use.
type Client struct {
	server   string
	timeout  time.Duration
	attempts int
	pause    time.Duration
	silence  time.Duration
	http     *http.Client
}

// New makes a client without contacting the server. It errors when options do
// not Validate.
func New(options Options) (*Client, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	options = options.withDefaults()
	return &Client{
		server:   strings.TrimRight(options.Server, "/"),
		timeout:  options.Timeout,
		attempts: options.Attempts,
		pause:    options.Pause,
		silence:  options.Silence,
		http: &http.Client{
			Transport: options.Wire, // without a time-out: each attempt has its own, and a stream has none
			// The API never redirects. Following would send a body elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Server is the base URL.
func (c *Client) Server() string { return c.server }

// Close ends idle connections. It is safe to call twice.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Validate names every field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	o = o.withDefaults()
	var problems []error
	if base, err := url.Parse(o.Server); err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		problems = append(problems, fmt.Errorf("%s is %q, must be a URL such as %s", "Server", o.Server, DefaultServer))
	}
	problems = append(problems,
		atMost("Timeout", o.Timeout, maxTimeout),
		atMost("Attempts", o.Attempts, MaxAttempts),
		atMost("Pause", o.Pause, maxPause),
		atMost("Silence", o.Silence, maxTimeout),
		atMost("Idle", o.Idle, maxIdle),
	)
	return errors.Join(problems...)
}

func atMost[T int | time.Duration](name string, value, bound T) error {
	if value >= 0 && value <= bound {
		return nil
	}
	return fmt.Errorf("%s is %v, must be %v to %v", name, value, T(0), bound)
}

func (o Options) withDefaults() Options {
	if o.Server == "" {
		o.Server = DefaultServer
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Attempts == 0 {
		o.Attempts = DefaultAttempts
	}
	if o.Pause == 0 {
		o.Pause = DefaultPause
	}
	if o.Silence == 0 {
		o.Silence = DefaultSilence
	}
	if o.Idle == 0 {
		o.Idle = DefaultIdle
	}
	if o.Wire == nil {
		o.Wire = &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSClientConfig:     o.TLS,
			TLSHandshakeTimeout: 5 * time.Second,
			IdleConnTimeout:     30 * time.Second,
			MaxIdleConnsPerHost: o.Idle,
		}
	}
	return o
}
