package stack_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald/internal/stack"
	"github.com/skald-saga/skald/internal/stack/authority"
)

// What skald calls an API key is, to a Temporal server of one's own, a token
// that its default authorizer reads.
func TestATemporalThatWantsTokensTakesThemAsAPIKeys(t *testing.T) {
	binary := buildSkald(t)
	s := startSecured(t, stack.Options{TemporalTokens: true})
	t.Run("tokens", s.tokens)
	t.Run("skald", func(t *testing.T) { s.skaldWithToken(t, binary) })
	t.Run("a restart", func(t *testing.T) {
		must(t, s.Temporal.Kill())
		must(t, s.Temporal.Start(t.Context()))
		s.mustAgree(t, binary, s.ServeArgs()[1:])
	})
}

func (s secured) tokens(t *testing.T) {
	own := s.Security.Authority
	good := authority.Token{Subject: stack.User, Audience: stack.TemporalAudience, Lifetime: time.Hour, Permissions: []string{"skald:write"}}
	reader, elsewhere, ended, other, powerless := good, good, good, good, good
	reader.Permissions = []string{"skald:read"}
	elsewhere.Audience = stack.KafkaAudience
	ended.Lifetime = -time.Hour
	other.Permissions = []string{"other:admin"}
	powerless.Permissions = nil
	const denied = "Request unauthorized"
	for _, test := range []struct {
		name string
		key  string
		want string
	}{
		{"skald's", s.read(t, s.Security.TemporalToken), ""},
		{"one that may write", s.token(t, own, good), ""},
		{"one that may read", s.token(t, own, reader), ""},
		{"one for another namespace", s.token(t, own, other), denied},
		{"one that may nothing", s.token(t, own, powerless), denied},
		{"one that has ended", s.token(t, own, ended), denied},
		{"one for another server", s.token(t, own, elsewhere), denied},
		{"one of another issuer", s.token(t, s.foreign, good), denied},
		{"one without signature", unsigned(s.token(t, own, good)), denied},
	} {
		expect(t, test.name, s.askTemporal(t.Context(), s.trusting(t), client.NewAPIKeyStaticCredentials(test.key)), test.want)
	}
	expect(t, "none", s.askTemporal(t.Context(), s.trusting(t), nil), denied)
	expect(t, "a certificate", s.askTemporal(t.Context(), s.showing(t, s.Security.Skald), nil), denied)
}

// skaldWithToken sets up with a token that may do everything in the namespace;
// from then on one suffices that may write.
func (s secured) skaldWithToken(t *testing.T, binary string) {
	s.carriesOrders(t, binary, s.ServeArgs())
	writer := filepath.Join(t.TempDir(), "token")
	may := authority.Token{Subject: stack.User, Audience: stack.TemporalAudience, Lifetime: time.Hour, Permissions: []string{"skald:write"}}
	must(t, os.WriteFile(writer, []byte(s.token(t, s.Security.Authority, may)), 0o600))
	running := startSkald(t, binary, with(s.ServeArgs(), "--temporal-api-key-file", writer))
	running.placed = orders
	running.place(t, orders)
	running.awaitFinal(t)
	running.stop(t)
	s.mustAgree(t, binary, s.ServeArgs()[1:])

	wrong := filepath.Join(t.TempDir(), "wrong")
	must(t, os.WriteFile(wrong, []byte("wrong"), 0o600))
	refused := "Temporal at " + s.Temporal.Address() + " refuses the connection: it does not accept the user, password, token or key"
	mustGiveUp(t, binary, with(s.ServeArgs(), "--temporal-api-key-file", wrong), refused)
}
