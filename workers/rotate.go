package workers

import (
	"context"
	"errors"
	"net"

	"google.golang.org/grpc/credentials"

	"github.com/skald-saga/skald/internal/credential"
)

// rotating is TLS to Temporal by the files as they are at each handshake. The
// SDK takes a *tls.Config, whose authorities are those of the start.
type rotating struct{ tls credential.TLS }

var _ credentials.TransportCredentials = rotating{}

// ClientHandshake implements credentials.TransportCredentials.
func (r rotating) ClientHandshake(ctx context.Context, authority string, connection net.Conn) (net.Conn, credentials.AuthInfo, error) {
	config, err := r.tls.Client()
	if err != nil {
		return nil, nil, err
	}
	return credentials.NewTLS(config).ClientHandshake(ctx, authority, connection)
}

// ServerHandshake is a server's, which this is not.
func (rotating) ServerHandshake(net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("a client's credentials serve nobody")
}

// Info implements credentials.TransportCredentials.
func (rotating) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

// Clone implements credentials.TransportCredentials.
func (r rotating) Clone() credentials.TransportCredentials { return r }

// OverrideServerName implements credentials.TransportCredentials; gRPC calls it
// no more.
func (rotating) OverrideServerName(string) error {
	return errors.New("the server's name is an option of its own")
}
