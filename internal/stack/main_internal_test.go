package stack

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

// The test binary is also the server that its tests start and stop: a command
// of this package passes no variables on, so the first argument says so.
const childArgument = "be-a-server"

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == childArgument {
		if err := children[os.Args[2]](os.Args[3]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// children are the ways in which a server can behave.
var children = map[string]func(argument string) error{
	"obedient": listen,
	"broken":   func(string) error { return fmt.Errorf("the disk is on fire") },
	"deaf": func(address string) error {
		signal.Ignore(syscall.SIGTERM)
		return listen(address)
	},
	"parent": func(address string) error {
		if err := bearChild(os.Getpid()); err != nil {
			return err
		}
		return listen(address)
	},
	"orphan": outlive,
}

func listen(address string) error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		_ = connection.Close()
	}
}

// bearChild forks as Postgres does: the child inherits what the parent
// inherited, and notices the parent's end.
func bearChild(pid int) error {
	child := exec.CommandContext(context.Background(), os.Args[0], childArgument, "orphan", fmt.Sprintf("orphan-of-%d", pid))
	child.ExtraFiles = []*os.File{os.NewFile(3, "held")}
	if _, err := child.StdinPipe(); err != nil {
		return err
	}
	return child.Start()
}

// outlive leaves a file behind, after its parent has ended and before it ends.
func outlive(file string) error {
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return os.WriteFile(file, nil, 0o600)
}
