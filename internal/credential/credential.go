// Package credential is how skald shows who it is, and how it knows whom it
// talks to: secrets that are never shown, TLS files that may be replaced while
// skald runs, and one way to say that somebody would not have us.
//
// A Secret is text or the name of a file. A file is read each time it is
// needed, so whoever rotates it need not tell skald. So is a TLS's: a
// certificate that was renewed is used by the next connection.
//
// A Refusal is an answer and no outage: the other side is there, and will say
// the same to the next try. Whoever starts up gives up on it with a sentence
// that helps; whoever already runs waits, because the setting was right once.
package credential

import (
	"errors"
	"fmt"
)

// ErrRefused is what every Refusal is.
var ErrRefused = errors.New("credential refused")

// Kind says what about a credential is wrong.
type Kind string

// The kinds.
const (
	KindWrong     Kind = "wrong"       // the user, password, token or key is not accepted
	KindWantsUser Kind = "wants user"  // it wants a user, and none was given
	KindUntrusted Kind = "untrusted"   // the server's certificate is of no authority that we trust
	KindExpired   Kind = "expired"     // the server's certificate is not valid now
	KindMisnamed  Kind = "misnamed"    // the server's certificate is for another name
	KindOurs      Kind = "certificate" // the server does not accept our certificate, or wants one and got none
	KindWantsTLS  Kind = "wants TLS"   // the server speaks TLS and we did not
	KindNoTLS     Kind = "no TLS"      // we spoke TLS and the server does not
)

var sentences = map[Kind]string{
	KindWrong:     "it does not accept the user, password, token or key",
	KindWantsUser: "it wants a user, and none is given",
	KindUntrusted: "its certificate is not signed by a trusted authority",
	KindExpired:   "its certificate has expired, or is not valid yet",
	KindMisnamed:  "its certificate is for another name",
	KindOurs:      "it does not accept the client certificate, or wants one and got none",
	KindWantsTLS:  "it speaks TLS, and TLS is off",
	KindNoTLS:     "it does not speak TLS, and TLS is on",
}

// Refusal says that a server answered, and that there will be no connection
// with these credentials. errors.Is(err, ErrRefused) finds it.
type Refusal struct {
	Dependency string // "Kafka", "Temporal", "Postgres"
	Address    string // for people; may be empty
	Kind       Kind
	Err        error // what it answered
}

// Error names the dependency, what is wrong and what it answered.
func (r *Refusal) Error() string {
	who := r.Dependency
	if r.Address != "" {
		who += " at " + r.Address
	}
	return fmt.Sprintf("%s refuses the connection: %s: %v", who, sentences[r.Kind], r.Err)
}

// Is makes every Refusal an ErrRefused.
func (r *Refusal) Is(target error) bool { return target == ErrRefused }

// Unwrap is what it answered.
func (r *Refusal) Unwrap() error { return r.Err }
