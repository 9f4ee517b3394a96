package main

import (
	"time"

	"github.com/skald-saga/skald/internal/app"
)

// limitFlags are how much the HTTP API takes on, as far as that depends on where
// it runs.
type limitFlags struct {
	MaxInFlight             int           `help:"Requests that are worked on at a time; a quarter is kept for reads, cancels and decisions. Further ones wait 100 ms for their turn and are then refused (503), with nothing carried out." default:"256" env:"SKALD_MAX_IN_FLIGHT" bound:"32..65536"`
	MaxConnections          int           `help:"Connections that are open at a time." default:"4096" env:"SKALD_MAX_CONNECTIONS" bound:"1..1048576"`
	MaxConnectionsPerClient int           `help:"Connections that one client has open at a time; 0 is a quarter of --max-connections. A client is an address, or the /64 of an IPv6 address." default:"0" env:"SKALD_MAX_CONNECTIONS_PER_CLIENT" bound:"0..1048576"`
	ClientRate              int           `help:"Requests that one client may send each second; further ones are refused (429). 0 is no limit. Behind a proxy it needs --trusted-proxies, or all its clients are one." default:"0" env:"SKALD_CLIENT_RATE" bound:"0..1000000"`
	ClientBurst             int           `help:"Requests that one client may send at once after a rest; 0 is twice --client-rate." default:"0" env:"SKALD_CLIENT_BURST" bound:"0..2000000"`
	TrustedProxies          []string      `help:"Addresses or networks of the proxies in front, whose X-Forwarded-For says who the client is. Default: none, and the header changes nothing." env:"SKALD_TRUSTED_PROXIES" placeholder:"NETWORK"`
	DrainDelay              time.Duration `help:"How long the HTTP API goes on answering once it is told to stop, while /readyz says so, until whoever sends requests has noticed. Running requests then have 12 s more." default:"3s" env:"SKALD_DRAIN_DELAY" bound:"0s..1m"`
}

func (l limitFlags) limit(config *app.Config) {
	config.Limits = app.Limits{
		MaxInFlight: l.MaxInFlight, MaxConnections: l.MaxConnections, MaxConnectionsPerClient: l.MaxConnectionsPerClient,
		Rate: float64(l.ClientRate), Burst: l.ClientBurst, TrustedProxies: l.TrustedProxies,
	}
	config.DrainDelay = l.DrainDelay
}
