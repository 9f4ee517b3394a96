package gateway

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
)

// CancelPlan says what a cancel would do now. It promises nothing: the order may
// have moved on when the cancel comes.
type CancelPlan struct {
	_ struct{} `additionalProperties:"true"`

	OrderID     string        `json:"order_id"`
	Status      string        `json:"status" enum:"accepted,processing,compensating,needs_attention,confirmed,rejected,failed,cancelled"`
	Cancellable bool          `json:"cancellable" doc:"A cancel would be answered with 202."`
	Reason      string        `json:"reason,omitempty" doc:"Why it cannot be cancelled."`
	Undos       []PlannedUndo `json:"undos" doc:"In the order in which they would run."`
}

// PlannedUndo is what one undo would find.
type PlannedUndo struct {
	_ struct{} `additionalProperties:"true"`

	Undo   string `json:"undo" enum:"cancel_shipping,refund_payment,release_stock"`
	Step   string `json:"step" enum:"schedule_shipping,charge_payment,reserve_stock" doc:"What it takes back."`
	Effect string `json:"effect" enum:"undo,settle,nothing" doc:"undo: the step was done and would be taken back. settle: the provider was asked and its answer is not recorded; whatever it did would be taken back. nothing: there is nothing to take back."`
}

func (g *Gateway) addCancelPlan(api huma.API) {
	register(g, api, huma.Operation{
		OperationID: "get-cancel-plan",
		Method:      http.MethodGet,
		Path:        pathOrders + "/{id}/cancel-plan",
		Summary:     "See what a cancel would undo",
		Tags:        []string{"orders"},
		Errors:      []int{http.StatusNotFound},
	}, g.cancelPlan)
}

type cancelPlanInput struct {
	ID string `path:"id" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
}

type cancelPlanOutput struct {
	Body CancelPlan
}

func (g *Gateway) cancelPlan(ctx context.Context, in *cancelPlanInput) (*cancelPlanOutput, error) {
	plan, err := g.options.Cancels.CancelPlan(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &cancelPlanOutput{Body: tellPlan(plan)}, nil
}

func tellPlan(plan skald.CancelPlan) CancelPlan {
	told := CancelPlan{
		OrderID: plan.OrderID, Status: string(plan.Status),
		Cancellable: plan.Cancellable, Reason: plan.Reason, Undos: make([]PlannedUndo, len(plan.Undos)),
	}
	for n, undo := range plan.Undos {
		told.Undos[n] = PlannedUndo{Undo: string(undo.Undo), Step: string(undo.Step), Effect: string(undo.Effect)}
	}
	return told
}
