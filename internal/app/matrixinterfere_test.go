package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	sdk "go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/client"
)

// interfere does what a person does to the order.
func (p *playground) interfere(ctx context.Context, plan plan) error {
	switch {
	case plan.Decide != "":
		return p.decide(ctx, plan)
	case plan.Cancel != 0:
		return p.cancelOnce(ctx, plan)
	case plan.Want.Letters != 0:
		return p.mend(ctx, plan)
	}
	return nil
}

// cancelOnce cancels when every rule has struck, or, without rules, when the
// order has ended.
func (p *playground) cancelOnce(ctx context.Context, plan plan) error {
	there := func() bool {
		silent, err := p.silent(ctx, plan)
		return err == nil && len(silent) == 0
	}
	if len(plan.Rules) == 0 {
		there = func() bool { return p.hasEnded(ctx, plan) }
	}
	if err := poll(ctx, "the order is where it is cancelled", there); err != nil {
		return err
	}
	_, err := p.api.Cancel(ctx, plan.Name, client.CancelOptions{})
	answer, problem := http.StatusAccepted, new(client.Problem)
	if errors.As(err, &problem) {
		answer, err = problem.Status, nil
	}
	if err == nil && answer != plan.Cancel {
		err = fmt.Errorf("the cancel was answered %d, must be %d: %w", answer, plan.Cancel, problem)
	}
	if plan.Stay {
		return err
	}
	return errors.Join(err, p.takeAway(ctx, plan))
}

// mend waits until the order's message is given up, and lets the auditor start
// the saga that nobody started.
func (p *playground) mend(ctx context.Context, plan plan) error {
	err := poll(ctx, "its message is a dead letter", func() bool {
		page, err := p.api.DeadLetters(ctx, client.DeadLetterList{DeadLetterFilter: client.DeadLetterFilter{OrderID: plan.Name}})
		return err == nil && len(page.DeadLetters) == plan.Want.Letters
	})
	if err != nil {
		return err
	}
	report, err := p.mender.Audit(ctx, audit.Query{OrderID: plan.Name, Parts: []audit.Part{audit.PartSagas}})
	if err != nil {
		return err
	}
	_, err = p.mender.Repair(ctx, report)
	return err
}

// decide waits for the incident and decides it.
func (p *playground) decide(ctx context.Context, plan plan) error {
	var open []skald.Incident
	err := poll(ctx, "an incident is open", func() bool {
		found, err := p.Store().Incidents(ctx, skald.IncidentQuery{OrderID: plan.Name, Limit: 10})
		open = slices.DeleteFunc(found, func(i skald.Incident) bool { return !i.Open })
		return err == nil && len(open) == 1
	})
	if err != nil {
		return err
	}
	decision := decisionOf(plan.Name, "decision-of-"+plan.Name, plan.Decide)
	decision.Undo = open[0].Undo
	handle, err := p.sagas.UpdateWorkflow(ctx, sdk.UpdateWorkflowOptions{
		WorkflowID: plan.Name, UpdateName: skald.UpdateResolve, Args: []any{decision}, WaitForStage: sdk.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return fmt.Errorf("decide: %w", err)
	}
	return handle.Get(ctx, nil)
}
