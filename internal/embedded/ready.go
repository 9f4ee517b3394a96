package embedded

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	// readyLimit bounds the time from a started server to its first answer.
	readyLimit = 20 * time.Second
	// readyAttempt bounds one question, so that a server that dies meanwhile is
	// noticed long before readyLimit.
	readyAttempt = time.Second
	readyPoll    = 5 * time.Millisecond
)

// awaitNamespace asks until the frontend serves the namespace. Its services
// come up one after the other, and a client that is refused once backs off for
// longer than all of this takes.
func (t *Temporal) awaitNamespace(ctx context.Context, addr, name string) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()

	frontend := workflowservice.NewWorkflowServiceClient(conn)
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		err := ask(ctx, frontend, name)
		if err == nil {
			return nil
		}
		if failure := t.firstFailure(); failure != nil {
			return failure
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for namespace %s: %w (%w)", name, ctx.Err(), err)
		case <-tick.C:
		}
	}
}

func ask(ctx context.Context, frontend workflowservice.WorkflowServiceClient, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, readyAttempt)
	defer cancel()
	request := &workflowservice.DescribeNamespaceRequest{Namespace: namespace}
	_, err := frontend.DescribeNamespace(ctx, request, grpc.WaitForReady(true))
	return err
}
