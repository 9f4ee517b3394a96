package gateway

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"
)

// Bounds of Limits.
const (
	minInFlight = 32 // less cannot be shared out
	minReserve  = 8
	maxMany     = 1 << 16
	maxRate     = 1_000_000
)

// Limits are how much a Gateway takes on at a time. Whoever comes when one is
// reached is told so at once or, for MaxInFlight, after QueueTimeout. /healthz
// and /readyz know only the limits of connections.
type Limits struct {
	// MaxInFlight is how many requests are worked on at a time. Default 256:
	// sixteen for each of the database's connections, so that those are never
	// idle and none waits long for one. 32 to 65536.
	MaxInFlight int
	// Reserve is the part of MaxInFlight that new orders and receipts never get:
	// most of it is for reads, a quarter for cancels and decisions, an eighth for
	// dead letters, which are Kafka's and not the database's. Default a quarter,
	// 8 to half of MaxInFlight.
	Reserve int
	// QueueTimeout is how long a request waits for its turn. As many as
	// MaxInFlight may wait for each of the parts. Default 100 ms, at most 1 s.
	QueueTimeout time.Duration
	// MaxWaits is how many requests wait for an order's end (Prefer: wait) at a
	// time; further ones are answered as if they had not asked. Default 512, at
	// most 65536.
	MaxWaits int
	// MaxStreams is how many event streams are open at a time. Default 256, at
	// most 65536.
	MaxStreams int

	// MaxConnections is how many connections are open at a time, and how many
	// requests: over HTTP/2 a connection has several. Further connections wait in
	// the listener's backlog. Default 4096, at most 1048576.
	MaxConnections int
	// MaxConnectionsPerClient is the same for one client. Default a quarter of
	// MaxConnections.
	MaxConnectionsPerClient int
	// MaxBodyMemory is what bodies hold together while they are read, beyond
	// 16 KiB for each. Default 64 MiB, at most 1 TiB, at least MaxBodyBytes.
	MaxBodyMemory int64

	// Rate is how many requests a client may send each second, Burst how many
	// at once after a rest. Default: no limit, because without TrustedProxies all
	// clients of a proxy are one; and a burst of twice the rate. At most 1000000.
	Rate  float64
	Burst int
	// MaxClients is how many clients are remembered for Rate: above it the one
	// that has not asked for longest is forgotten, and begins anew. Default
	// 10000, at most 1048576.
	MaxClients int
	// TrustedProxies are addresses, or networks as 10.0.0.0/8, whose
	// X-Forwarded-For says who the client is. Default none: then the header
	// changes nothing. Their own connections have no limit per client.
	TrustedProxies []string
}

// Validate names every field that cannot be used, with its value and bound.
func (l Limits) Validate() error {
	l = l.withDefaults()
	_, err := l.proxies()
	problems := []error{
		within("MaxInFlight", int64(l.MaxInFlight), minInFlight, maxMany),
		within("Reserve", int64(l.Reserve), minReserve, int64(l.MaxInFlight/2)),
		within("MaxWaits", int64(l.MaxWaits), 1, maxMany),
		within("MaxStreams", int64(l.MaxStreams), 1, maxMany),
		within("MaxConnections", int64(l.MaxConnections), 1, 1<<20),
		within("MaxConnectionsPerClient", int64(l.MaxConnectionsPerClient), 1, int64(l.MaxConnections)),
		within("MaxBodyMemory", l.MaxBodyMemory, 1, 1<<40),
		within("Burst", int64(l.Burst), 1, 2*maxRate),
		within("MaxClients", int64(l.MaxClients), 1, 1<<20),
		err,
	}
	if l.QueueTimeout <= 0 || l.QueueTimeout > time.Second {
		problems = append(problems, fmt.Errorf("QueueTimeout is %s, must be more than 0 and at most 1s", l.QueueTimeout))
	}
	if ok := l.Rate >= 0 && l.Rate <= maxRate; !ok { // also when it is not a number
		problems = append(problems, fmt.Errorf("%s is %g, must be 0 to %d", "Rate", l.Rate, maxRate))
	}
	return errors.Join(problems...)
}

func (l Limits) withDefaults() Limits {
	orDefault(&l.MaxInFlight, DefaultMaxInFlight)
	orDefault(&l.Reserve, l.MaxInFlight/4)
	orDefault(&l.QueueTimeout, DefaultQueueTimeout)
	orDefault(&l.MaxWaits, DefaultMaxWaits)
	orDefault(&l.MaxStreams, DefaultMaxStreams)
	orDefault(&l.MaxConnections, DefaultMaxConnections)
	orDefault(&l.MaxConnectionsPerClient, max(1, l.MaxConnections/4))
	orDefault(&l.MaxBodyMemory, DefaultMaxBodyMemory)
	orDefault(&l.Burst, max(1, int(math.Ceil(2*min(l.Rate, maxRate)))))
	orDefault(&l.MaxClients, DefaultMaxClients)
	return l
}

// proxies are TrustedProxies as networks.
func (l Limits) proxies() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range l.TrustedProxies {
		network, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil && address.Zone() == "" {
			network, err = address.Unmap().Prefix(address.Unmap().BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("TrustedProxies has %q, must be an address or a network as 10.0.0.0/8", text)
		}
		networks = append(networks, network)
	}
	return networks, nil
}
