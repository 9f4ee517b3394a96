package admission_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/skald-saga/skald/internal/admission"
)

// patience bounds what a test waits for; nothing waits for it to pass.
const patience = 10 * time.Second

// listen accepts on a loopback port; every connection comes out of accepted.
func listen(t *testing.T, total, each int) (listener *admission.Listener, accepted <-chan net.Conn) {
	t.Helper()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener = admission.Listen(inner, total, each, nil)
	conns := make(chan net.Conn)
	go func() {
		defer close(conns)
		for {
			conn, err := listener.Accept()
			if err != nil {
				if !errors.Is(err, net.ErrClosed) {
					t.Errorf("accept: %v", err)
				}
				return
			}
			conns <- conn
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		for range conns { // until Accept has ended
		}
	})
	return listener, conns
}

// dial connects from a loopback address, which is a client of its own.
func dial(t *testing.T, listener net.Listener, from string) net.Conn {
	t.Helper()
	conn, err := tryDial(t, listener, from)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func tryDial(t *testing.T, listener net.Listener, from string) (net.Conn, error) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	conn, err := dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, conn.SetDeadline(time.Now().Add(patience))
}

func TestAClientWithItsShareOfConnectionsIsResetAndOthersAreServed(t *testing.T) {
	t.Parallel()
	listener, accepted := listen(t, 4, 2)
	dial(t, listener, "127.0.0.1")
	first := <-accepted
	dial(t, listener, "127.0.0.1")
	<-accepted
	refused, err := tryDial(t, listener, "127.0.0.1")
	if err == nil { // the reset can be as fast as the connection
		_, err = refused.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a third connection: %v, want a reset", err)
	}
	dial(t, listener, "127.0.0.2")
	if from, _, _ := net.SplitHostPort((<-accepted).RemoteAddr().String()); from != "127.0.0.2" {
		t.Errorf("accepted %s", from)
	}
	_ = first.Close()
	_ = first.Close() // a second time gives nothing back
	dial(t, listener, "127.0.0.1")
	<-accepted
	if open := listener.Open(); open != 3 {
		t.Errorf("%d open, want 3", open)
	}
}

func TestAboveTheLimitOfAllConnectionsWait(t *testing.T) {
	t.Parallel()
	listener, accepted := listen(t, 1, 1)
	dial(t, listener, "127.0.0.1")
	first := <-accepted
	waiting := dial(t, listener, "127.0.0.2")
	if _, err := waiting.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-accepted:
		t.Fatal("two are open")
	default:
	}
	_ = first.Close()
	conn := <-accepted
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Errorf("what was sent while it waited: %v", err)
	}
}

func TestAListenerThatIsFullCanBeClosed(t *testing.T) {
	t.Parallel()
	listener, accepted := listen(t, 1, 1)
	dial(t, listener, "127.0.0.1")
	<-accepted
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
	if _, open := <-accepted; open { // Accept returned
		t.Error("accepted after Close")
	}
}

func TestHalfOfAConnectionCanBeClosed(t *testing.T) {
	t.Parallel()
	listener, accepted := listen(t, 1, 1)
	client := dial(t, listener, "127.0.0.1")
	conn := <-accepted
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		t.Fatalf("a %T cannot", conn)
	}
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the client reads %v, want the end", err)
	}
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Errorf("the other half: %v", err)
	}
}
