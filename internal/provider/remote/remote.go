// Package remote is the payment provider and the carrier that somebody else
// runs: each is a base URL that speaks the contract in docs/providers.md.
//
// What matters is what an answer proves. A definite yes, a definite no and a
// closed key are told by an exact status with an exact body. Everything else
// (no answer in time, a lost connection, 5xx, a redirect, a body that is too
// long or means nothing) proves nothing: it is an error that is no refusal, and
// the caller asks again with the same key. A bare 404 or 422, as a proxy or a
// framework writes it, is such an answer too.
//
// Every request is signed as Standard Webhooks are, and the signed ID names the
// operation and the key, so that a request that was overheard is good for nothing
// but the same request.
package remote

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Defaults of Options.
const (
	DefaultTimeout          = 5 * time.Second
	DefaultMaxResponseBytes = 64 << 10
)

const (
	minTimeout       = 10 * time.Millisecond
	maxTimeout       = time.Minute
	minResponseBytes = 1 << 10
	maxResponseBytes = 1 << 20
)

// Options say where the service is and how to talk to it.
type Options struct {
	// URL is the base of the service, such as "https://pay.example/skald".
	// Required. http is for networks that nobody else can listen to.
	URL string
	// Secret signs requests. Without it they are not signed.
	Secret Secret
	// Timeout bounds one call, 10 ms to 1 min. Default DefaultTimeout. The
	// caller's context may end it earlier.
	Timeout time.Duration
	// MaxResponseBytes bounds one answer, 1 KiB to 1 MiB. Default
	// DefaultMaxResponseBytes.
	MaxResponseBytes int64
	// Client carries the requests, if TLS needs settings of its own. Its jar,
	// time-out and redirect policy are not used. Default: a client with its own
	// connections and at least TLS 1.2.
	Client *http.Client
}

// Validate names every field that cannot be used, with its bound. It does not
// repeat URL and Secret, which may hold what must not be seen.
func (o Options) Validate() error {
	o = o.withDefaults()
	var problems []error
	if _, err := parseBase(o.URL); err != nil {
		problems = append(problems, err)
	}
	if _, err := o.Secret.keys(); err != nil {
		problems = append(problems, err)
	}
	if o.Timeout < minTimeout || o.Timeout > maxTimeout {
		problems = append(problems, outside("Timeout", o.Timeout, minTimeout, maxTimeout))
	}
	if o.MaxResponseBytes < minResponseBytes || o.MaxResponseBytes > maxResponseBytes {
		problems = append(problems, outside("MaxResponseBytes", o.MaxResponseBytes, minResponseBytes, maxResponseBytes))
	}
	return errors.Join(problems...)
}

func outside[T any](field string, value, low, high T) error {
	return fmt.Errorf("%s is %v, must be %v to %v", field, value, low, high)
}

func (o Options) withDefaults() Options {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxResponseBytes == 0 {
		o.MaxResponseBytes = DefaultMaxResponseBytes
	}
	if o.Client == nil {
		o.Client = newHTTPClient()
	}
	return o
}

func parseBase(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, errors.New("URL must be http:// or https:// with a host")
	}
	if base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "" {
		return nil, errors.New("URL must have no user, query or fragment: the secret is a setting of its own")
	}
	return base, nil
}

// idlePerHost keeps a connection for each of the calls that a busy worker has
// under way at once.
const idlePerHost = 32

func newHTTPClient() *http.Client {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: DefaultMaxResponseBytes,
		DisableCompression:     true, // answers are short, and what is not compressed cannot swell
	}
	return &http.Client{Transport: transport}
}
