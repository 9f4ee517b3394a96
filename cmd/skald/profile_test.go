package main

import (
	"fmt"
	"net"
	"net/http"
	"testing"
)

func TestProfilesAreServedOnTheirPortUntilTheEnd(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := taken.Addr().(*net.TCPAddr).Port
	if _, err := (profileFlag{ProfilePort: port}).profile(t.Context()); err == nil {
		t.Error("a port that is taken was taken again")
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	stop, err := profileFlag{ProfilePort: port}.profile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	heap := fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/heap", port)
	response, err := http.Get(heap)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || kind != "application/octet-stream" {
		t.Errorf("%s, %s", response.Status, kind)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := http.Get(heap); err == nil { //nolint:bodyclose // there is none
		t.Error("profiles are served after the end")
	}
}

func TestWithoutAPortNoProfilesAreServed(t *testing.T) {
	t.Parallel()
	stop, err := profileFlag{}.profile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
