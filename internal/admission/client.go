package admission

import (
	"net"
	"net/netip"
)

// The least that an Internet provider gives to one customer: a single address
// of IPv4, a /64 of IPv6 (RFC 6177 gives more).
const (
	clientBits4 = 32
	clientBits6 = 64
)

// clientOf is whom address belongs to. An address that is none belongs, with
// all others of that kind, to the zero client.
func clientOf(address netip.Addr) netip.Prefix {
	address = address.Unmap().WithZone("")
	bits := clientBits6
	if address.Is4() {
		bits = clientBits4
	}
	client, err := address.Prefix(bits)
	if err != nil { // only the zero address has no prefix
		return netip.Prefix{}
	}
	return client
}

// addressOf is where a connection comes from, zero if that is no IP address.
func addressOf(conn net.Conn) netip.Addr {
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr()
	}
	return netip.Addr{}
}

// within reports whether one of networks has address.
func within(networks []netip.Prefix, address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	for _, network := range networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}
