package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/skald-saga/skald/internal/credential"
)

// tokenTimeout bounds one request for a token.
const tokenTimeout = 10 * time.Second

// tokenReserve is how much of its life a token must still have to be used for
// another connection: a broker ends the session with the token.
const tokenReserve = time.Minute

func (s Security) validateTokenURL() error {
	if s.TokenURL == "" {
		return nil
	}
	at, err := url.Parse(s.TokenURL)
	if err != nil || at.Host == "" || (at.Scheme != "https" && at.Scheme != "http") || at.User != nil {
		return errors.New("kafka: Security.TokenURL must be a URL such as https://login.example/oauth2/token, without user and password")
	}
	if at.Scheme == "http" && !net.ParseIP(at.Hostname()).IsLoopback() {
		return errors.New("kafka: Security.TokenURL must begin with https://, unless it is on this machine: the client's secret travels there")
	}
	return nil
}

func (s Security) tokenTLS() credential.TLS { return credential.TLS{Enabled: true, CA: s.TokenCA} }

// bearer is where tokens come from.
func (s Security) bearer() func(context.Context) (string, error) {
	if s.TokenURL == "" {
		return func(context.Context) (string, error) { return s.Token.Reveal() }
	}
	return (&issuer{security: s}).token
}

// issuer gets tokens by client credentials and keeps the last one for the
// connections of one client.
type issuer struct {
	security Security
	mu       sync.Mutex
	held     *oauth2.Token
}

func (i *issuer) token(ctx context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.held != nil && (i.held.Expiry.IsZero() || time.Until(i.held.Expiry) > tokenReserve) {
		return i.held.AccessToken, nil
	}
	token, err := i.security.issue(ctx)
	if err != nil {
		return "", err
	}
	i.held = token
	return token.AccessToken, nil
}

// issue asks for one token. The secret is read for it, and so are the
// authorities.
func (s Security) issue(ctx context.Context) (*oauth2.Token, error) {
	secret, err := s.Password.Reveal()
	if err != nil {
		return nil, err
	}
	config, err := s.tokenTLS().Client()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: config, Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{
		Transport: transport, Timeout: tokenTimeout,
		// To follow would send the secret there, perhaps without TLS.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	asked := clientcredentials.Config{ClientID: s.User, ClientSecret: secret, TokenURL: s.TokenURL, Scopes: s.Scopes}
	token, err := asked.Token(ctx)
	if err != nil {
		return nil, s.notIssued(err)
	}
	return token, nil
}

// notIssued says why there is no token: the endpoint refuses us, or it is not
// well. Its answer is not repeated whole, because it may repeat what it was sent.
func (s Security) notIssued(err error) error {
	answer, answered := errors.AsType[*oauth2.RetrieveError](err)
	if answered {
		err = fmt.Errorf("%s %s %s", answer.Response.Status, answer.ErrorCode, s.Password.Strike(answer.ErrorDescription))
	}
	refusal := &credential.Refusal{Dependency: "Token endpoint", Address: s.TokenURL, Kind: credential.KindWrong, Err: err}
	if answered && answer.Response.StatusCode/100 == 4 && answer.Response.StatusCode != http.StatusTooManyRequests {
		return refusal
	}
	if kind, is := credential.KindOf(err); is && !answered {
		refusal.Kind = kind
		return refusal
	}
	return fmt.Errorf("token from %s: %w", s.TokenURL, err)
}
