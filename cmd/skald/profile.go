package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"
)

type profileFlag struct {
	ProfilePort int `help:"Serve Go's profiles (net/http/pprof) under /debug/pprof/ on this port of 127.0.0.1; 0 does not." default:"0" env:"SKALD_PROFILE_PORT" bound:"0..65535"`
}

// profileHeaderTimeout ends a connection that asks for nothing. There is no other
// limit: a profile takes as long as it was asked to.
const profileHeaderTimeout = 10 * time.Second

// profile serves profiles until stop is called, which waits for the server but
// not for a profile that is being taken. Without a port it does nothing.
func (p profileFlag) profile(ctx context.Context) (stop func() error, err error) {
	if p.ProfilePort == 0 {
		return func() error { return nil }, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.ProfilePort)))
	if err != nil {
		return nil, advise(fmt.Errorf("profiles: %w", err), "Choose another port with --profile-port, or leave it out.")
	}
	server := &http.Server{Handler: profiles(), ReadHeaderTimeout: profileHeaderTimeout}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	return func() error {
		err := server.Close()
		if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return err
	}, nil
}

// profiles is on a mux of its own: importing net/http/pprof also puts it on the
// default one, which nobody here serves.
func profiles() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
