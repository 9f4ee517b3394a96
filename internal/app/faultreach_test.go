package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
)

func withFault(rules string) func(*client.NewOrder) {
	return func(o *client.NewOrder) { o.Fault = rules }
}

// The order's own rule lets the carrier's step break for good after the payment
// was captured: what happens then is undone, and only for this order.
func TestAnOrderThatBringsAFaultFailsThereAndItsNeighboursPass(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{Faults: app.FaultsHeaders})
	w.receive(t, "LAMP", 100)
	w.place(t, newOrder("left"))
	w.place(t, newOrder("unlucky", withFault("schedule_shipping[name=no-carrier]=abort(internal,final)")))
	w.place(t, newOrder("right"))
	w.await(t, "left", skald.StatusConfirmed)
	w.await(t, "right", skald.StatusConfirmed)
	w.await(t, "unlucky", skald.StatusFailed)
	w.awaitPublished(t)

	want := []string{
		"order.placed", "stock.reserved", "payment.charged", "compensation.started (injected)", "payment.refunded (injected)",
		"stock.released (injected)", "compensation.completed (injected)", "order.failed (injected)",
	}
	if diff := cmp.Diff(want, w.marked(t, "unlucky")); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
	passed := []string{"order.placed", "stock.reserved", "payment.charged", "shipment.scheduled", "order.confirmed"}
	for _, neighbour := range []string{"left", "right"} {
		if diff := cmp.Diff(passed, w.marked(t, neighbour)); diff != "" {
			t.Errorf("timeline of %s (-want +got):\n%s", neighbour, diff)
		}
	}
	w.wantMarkOnTopics(t, "unlucky")
	if history := string(historyJSON(t, historyOf(t, w.temporal(t), "unlucky"))); !strings.Contains(history, "skald.fault") || !strings.Contains(history, "injected by fault rule no-carrier") {
		t.Errorf("the history does not name the rule:\n%s", history)
	}
	w.wantTold(t, "unlucky", "no-carrier")
}

// marked is the order's timeline as the API tells it.
func (w *world) marked(t *testing.T, orderID string) []string {
	t.Helper()
	events, err := w.api.Events(t.Context(), orderID)
	if err != nil {
		t.Fatal(err)
	}
	kinds := make([]string, len(events))
	for n, event := range events {
		kinds[n] = event.Kind
		if event.FaultInjected {
			kinds[n] += " (injected)"
		}
	}
	return kinds
}

// wantMarkOnTopics checks that all compensations, which are the struck order's,
// and nothing of another order carry the mark.
func (w *world) wantMarkOnTopics(t *testing.T, struck string) {
	t.Helper()
	byTopic := published(t, w.Addresses().Kafka)
	if got := len(byTopic[skald.TopicCompensations]); got != 4 {
		t.Errorf("%d compensation events, want 4", got)
	}
	for topic, events := range byTopic {
		for _, event := range events {
			want := event.Subject == struck && (topic == skald.TopicCompensations || event.Kind == skald.KindOrderFailed)
			if event.FaultInjected != want {
				t.Errorf("%s: %s of %s is marked %t", topic, event.Kind, event.Subject, event.FaultInjected)
			}
			if carries := event.Fault != ""; carries != (event.Subject == struck && event.Kind == skald.KindOrderPlaced) {
				t.Errorf("%s: %s of %s carries faults %q", topic, event.Kind, event.Subject, event.Fault)
			}
		}
	}
}

// wantTold checks the order and the log of faults, as the API tells them.
func (w *world) wantTold(t *testing.T, orderID, rule string) {
	t.Helper()
	order, err := w.api.Order(t.Context(), orderID)
	if err != nil {
		t.Fatal(err)
	}
	if !order.FaultInjected || !strings.Contains(order.Fault, "name="+rule) {
		t.Errorf("order %s: fault %q, injected %t", orderID, order.Fault, order.FaultInjected)
	}
	log, err := w.api.FaultLog(t.Context(), client.FaultFilter{OrderID: orderID})
	if err != nil {
		t.Fatal(err)
	}
	if len(log.Fired) != 1 || log.Fired[0].Rule != rule || !log.Fired[0].Carried || log.Fired[0].Attempt != 1 {
		t.Errorf("log of %s: %+v", orderID, log.Fired)
	}
}

func TestARuleStrikesTheOrdersThatItNamesUntilItIsHaltedOrGone(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{Faults: app.FaultsRules})
	w.receive(t, "LAMP", 100)
	if _, err := w.api.AddFaultLine(t.Context(), "charge_payment[order=bad-*,name=declined]=abort(refused,card_declined)"); err != nil {
		t.Fatal(err)
	}
	w.awaitRules(t)
	w.place(t, newOrder("bad-1"))
	w.place(t, newOrder("good-1"))
	if state := w.await(t, "bad-1", skald.StatusRejected); state.Cause.Code != "card_declined" || !state.FaultInjected {
		t.Errorf("bad-1: %+v", state.Cause)
	}
	w.await(t, "good-1", skald.StatusConfirmed)

	if err := w.api.HaltFaults(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.place(t, newOrder("bad-2"))
	w.await(t, "bad-2", skald.StatusConfirmed)
	if err := w.api.ResumeFaults(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.place(t, newOrder("bad-3"))
	w.await(t, "bad-3", skald.StatusRejected)

	list, err := w.api.Faults(t.Context())
	if err != nil || len(list.Faults) != 1 || list.Faults[0].Fired != 2 || list.Halted {
		t.Errorf("rules: %+v, %v", list, err)
	}
	if err := w.api.RemoveFault(t.Context(), "declined"); err != nil {
		t.Fatal(err)
	}
	w.awaitRules(t)
	w.place(t, newOrder("bad-4"))
	w.await(t, "bad-4", skald.StatusConfirmed)
}

// awaitRules waits until the engine has what the book says.
func (w *world) awaitRules(t *testing.T) {
	t.Helper()
	eventually(t, 10*time.Second, "the rules have reached the engine", func(context.Context) bool { return w.FaultsInForce(t.Context()) })
}

func TestWithoutFailureInjectionNobodyCanInjectAnythingAndIsTold(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{})
	body, err := json.Marshal(newOrder("unlucky"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+"/v1/orders", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Skald-Fault", "charge_payment=abort(unavailable)")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // it is read
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "--faults headers") {
		t.Errorf("with the header: %s, %s, %v", response.Status, text, err)
	}
	if _, err := w.Store().Order(t.Context(), "unlucky"); err == nil {
		t.Error("the order was accepted all the same")
	}
	_, err = w.api.AddFaultLine(t.Context(), "charge_payment=abort(unavailable)")
	if problem, ok := client.AsProblem(err); !ok || problem.Code != "no_route" {
		t.Errorf("a rule: %v", err)
	}
}

// The fault is counted and logged while the transaction that it strikes at is
// open: the book must not wait for it.
func TestAFaultInsideATransactionIsCountedAndLogged(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{Faults: app.FaultsHeaders})
	w.receive(t, "LAMP", 100)
	w.place(t, newOrder("order-1", withFault("database_commit/after[within=charge_payment,name=unknown]=1*abort(unavailable); database_statement[within=confirm_order,name=cut]=1*abort(unavailable)")))
	w.await(t, "order-1", skald.StatusConfirmed)
	log, err := w.api.FaultLog(t.Context(), client.FaultFilter{OrderID: "order-1"})
	if err != nil {
		t.Fatal(err)
	}
	var fired []string
	for _, one := range log.Fired {
		fired = append(fired, one.Rule+" in "+one.Within)
	}
	if diff := cmp.Diff([]string{"cut in confirm_order", "unknown in charge_payment"}, fired); diff != "" {
		t.Errorf("fired, newest first (-want +got):\n%s", diff)
	}
	wantMarks := []string{"order.placed", "stock.reserved", "payment.charged (injected)", "shipment.scheduled (injected)", "order.confirmed (injected)"}
	if diff := cmp.Diff(wantMarks, w.marked(t, "order-1")); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

func TestAnOrderByKafkaBringsItsFaultsAlong(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{Faults: app.FaultsHeaders})
	w.receive(t, "LAMP", 100)
	p := newProducer(t, w)
	p.send(t, "by-kafka", orderJSON("by-kafka", 1), "skald-fault", "charge_payment[name=declined]=abort(refused,card_declined)")
	if state := w.await(t, "by-kafka", skald.StatusRejected); state.Cause.Message != "refused by fault rule declined" || !state.FaultInjected {
		t.Errorf("%+v", state)
	}
}

// A header that nobody may send must not be able to keep orders from being done.
func TestAnOrderByKafkaWhoseFaultsNobodyInjectsIsCarriedOutAndSaysSo(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{Faults: app.FaultsRules})
	w.receive(t, "LAMP", 100)
	newProducer(t, w).send(t, "by-kafka", orderJSON("by-kafka", 1), "skald-fault", "charge_payment=abort(refused,card_declined)")
	if state := w.await(t, "by-kafka", skald.StatusConfirmed); state.Fault != "ignored: charge_payment=abort(refused,card_declined)" || state.FaultInjected {
		t.Errorf("%+v", state)
	}
}

func TestFaultsThatAnybodyMayInjectNeedToBeAllowedByName(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults app.Faults
		fails  string
	}{
		"nothing":           {app.Faults{}, ""},
		"off":               {app.Faults{Mode: app.FaultsOff}, ""},
		"rules":             {app.Faults{Mode: app.FaultsRules}, ""},
		"headers":           {app.Faults{Mode: app.FaultsHeaders}, "it needs Faults.Unlimited"},
		"headers unlimited": {app.Faults{Mode: app.FaultsHeaders, Unlimited: true}, ""},
		"what is not known": {app.Faults{Mode: "on"}, `Faults.Mode is "on", must be off, rules or headers`},
	} {
		err := c.faults.Validate()
		if c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// As in production: with Kafka and Temporal away, too.
func TestLimitedRulesMustNameTheirOrdersAndStayRare(t *testing.T) {
	t.Parallel()
	running, err := app.Start(t.Context(), app.Config{
		Database: "sqlite:" + filepath.Join(t.TempDir(), "skald.db"), Listen: "127.0.0.1:0", Kafka: []string{nobodysPort}, Temporal: nobodysPort,
		Faults: app.Faults{Mode: app.FaultsRules}, Logger: quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	})
	api := newClient(t, running.URL())
	for rule, wrong := range map[string]string{
		"charge_payment=5%abort(unavailable)":                      "match.order",
		"charge_payment[order=o-1*]=5%abort(unavailable)":          "match.order",
		"charge_payment[order=o-17*]=6%abort(unavailable)":         "percentage",
		"charge_payment[order=o-17*,ttl=16m]=5%abort(unavailable)": "ttl",
		"charge_payment[order=o-17*]=5%panic":                      "fault",
	} {
		_, err := api.AddFaultLine(t.Context(), rule)
		if problem, ok := client.AsProblem(err); !ok || problem.Code != "invalid" || len(problem.Errors) != 1 || problem.Errors[0].Field != "body."+wrong {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if _, err := api.AddFaultLine(t.Context(), "charge_payment[order=o-17*]=5%abort(unavailable)"); err != nil {
		t.Errorf("a rule within the limits: %v", err)
	}
	_, err = api.Place(t.Context(), newOrder("order-1", withFault("charge_payment=5%abort(unavailable)")), "")
	if problem, ok := client.AsProblem(err); !ok || problem.Code != "faults_off" {
		t.Errorf("an order that brings a fault: %v", err)
	}
}
